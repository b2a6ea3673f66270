"""This file is about models of Hugging Face transformers in a local folder, as encoders of Bowerbird.

Nothing is fetched and no code of the folder runs: only safetensors, only architectures that transformers knows.
"""
