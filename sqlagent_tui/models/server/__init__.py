"""A model on a serving engine: any OpenAI-compatible chat-completions endpoint, through the Model protocol."""
