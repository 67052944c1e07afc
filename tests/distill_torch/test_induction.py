import numpy as np
import torch

from sqlagent_tui.distill.batches import Shape, copying
from sqlagent_tui.distill.induction import initialise
from sqlagent_tui.distill.student import Student, StudentConfig


def test_an_untrained_student_already_copies() -> None:
    student = Student(StudentConfig())
    initialise(student)
    batch = copying(Shape(1024, 768, 32), 4096, 9, np.random.default_rng(1))
    with torch.no_grad():
        guesses = student.logits(batch.packed).argmax(-1)
    counted = batch.weights > 0
    assert counted.sum() > 200
    assert (guesses == batch.targets)[counted].float().mean() > 0.8


def test_the_same_seed_gives_the_same_weights() -> None:
    students = [Student(StudentConfig()) for _ in range(2)]
    for student in students:
        initialise(student, seed=5)
    assert all(torch.equal(a, b) for a, b in zip(*(s.parameters() for s in students), strict=True))
