"""Model backends: llama.cpp in a child process, a scripted replay, and the library of model files."""
