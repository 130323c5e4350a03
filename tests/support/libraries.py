"""The libraries that every Renglón process imports, which is most of the processor time that it takes to start.

Nothing of Renglón itself is imported here: a process that is forked from one with these modules still runs Renglón's
own start from its first line.
"""

from __future__ import annotations

import gc
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the libraries below are imported; Renglón sets it too

import chromadb
import fastapi
import llama_index.core
import llama_index.llms.openai_like
import tantivy
import torch
import uvicorn

__all__ = ["chromadb", "fastapi", "llama_index", "tantivy", "torch", "uvicorn"]

# The garbage collector need not look at them again, neither here nor in forks, whose memory it would copy by that.
gc.collect()
gc.freeze()
