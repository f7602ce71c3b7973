# make demo   reads a real photo and says where the report is
# make test   runs the quick tests          make slow   the long ones too
# make check  lint, types and tests: what CI runs
# make table  the localising methods without and with AU guidance, beside floors (hours)
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat pyproject.toml requirements/torch.txt | cksum | cut -d' ' -f1)

.PHONY: demo test slow lint check table clean

demo: $(READY)
	$(BIN)/python examples/demo.py

test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

slow: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto -m "slow or not slow"

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

check: lint test

# torch first: a plain `torch` may bring gigabytes of CUDA packages that nothing here needs
$(READY): pyproject.toml requirements/torch.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/torch.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[demo,test,lint]"
	touch $@

# needs FER+ in $$FACSIGHT_DATA/ferplus; goes on where it stopped
table: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/localising.py

clean:
	rm -rf $(VENV) demo-out .pytest_cache .ruff_cache
