"""A tokenizer of few words and a random language model, saved as published ones are."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import LlamaConfig, LlamaForCausalLM, LlamaModel, PreTrainedTokenizerFast

MARKS = ["<s>", "</s>", "<unk>"]


def save_tokenizer(folder: Path, words: list[str]) -> dict[str, int]:
    """A tokenizer that knows these words, and puts `<s>` before a text and `</s>` after it; its numbers."""
    numbers = {word: k for k, word in enumerate([*MARKS, *words])}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    return numbers


def save_llama(folder: Path, words: int, *, seed: int = 0, width: int = 16) -> None:
    """Random weights of a LLaMA-style model of two layers."""
    config = LlamaConfig(
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=2 * width,
        vocab_size=words,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        LlamaModel(config).save_pretrained(folder)


def save_causal(folder: Path, words: int, *, seed: int = 0) -> None:
    """Random weights of a LLaMA-style model of two layers that predicts the next word."""
    config = LlamaConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, vocab_size=words
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        LlamaForCausalLM(config).save_pretrained(folder)
