"""Language models asked about texts: prompts as data, answers held to a label space, every reply kept."""

from facsight.language.asking import Answered, ask, cost_of
from facsight.language.prompts import Prompt, load_prompt, shipped_prompts

__all__ = ["Answered", "Prompt", "ask", "cost_of", "load_prompt", "shipped_prompts"]
