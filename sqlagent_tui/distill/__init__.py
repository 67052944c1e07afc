"""Training the student: expert trajectories, dataset, model, training and export."""
