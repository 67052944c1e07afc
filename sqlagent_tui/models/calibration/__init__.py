"""Which settings of llama.cpp are fastest here, found by a short measurement and remembered."""
