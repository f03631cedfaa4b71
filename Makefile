# make demo   samples 100 digits to digits.png (needs Python >= 3.10 and a C++20 compiler)
# make test   installs the development extras and runs every check
# The rest serves development: CONTRIBUTING.md.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A process for each core, each with one thread of torch's: more would only wait for each other.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile
BUILD := $(wildcard CMakeLists.txt pyproject.toml csrc/*)
SOURCES := $(BUILD) $(shell find python export -name '*.py' -o -name '*.onnx')

.PHONY: demo test test-slow lint format core-test bench-latents bench-images wheel clean

demo: $(VENV)/.demo
	@$(BIN)/gansdk sample digits -n 100 --seed 7 --labels balanced --columns 10 -o digits.png --force
	@echo "The picture is $(CURDIR)/digits.png"

test: $(VENV)/.dev lint core-test
	$(PYTEST) -m "not slow"

test-slow: $(VENV)/.dev
	$(PYTEST) -m slow

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	find csrc benchmarks tests -name '*.h' -o -name '*.cpp' -o -name '*.cu' | xargs $(BIN)/clang-format --dry-run --Werror

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	find csrc benchmarks tests -name '*.h' -o -name '*.cpp' -o -name '*.cu' | xargs $(BIN)/clang-format -i

# The core's own test, without Python: plain, and under each sanitizer that runs here.
core-test: $(VENV)/.dev
	@mkdir -p build
	@for sanitizer in none address,undefined thread; do \
	  flag=; test $$sanitizer = none || flag=$$sanitizer; \
	  if test -n "$$flag" && ! { echo 'int main() {}' | c++ -fsanitize=$$flag -x c++ - -o build/probe \
	    && build/probe; } >build/probe.log 2>&1; then \
	    echo "core-test: -fsanitize=$$flag left out, this compiler or kernel cannot run it"; continue; \
	  fi; \
	  PATH="$(CURDIR)/$(BIN):$$PATH" cmake -S . -B build/core-$$sanitizer -G Ninja -Wno-dev \
	    -DGANSDK_BUILD_TESTS=ON -DGANSDK_WERROR=ON -DGANSDK_SANITIZE=$$flag >build/cmake.log \
	  && $(BIN)/cmake --build build/core-$$sanitizer \
	  && $(BIN)/ctest --test-dir build/core-$$sanitizer --output-on-failure || exit 1; \
	done

# Some minutes on a machine that does nothing else; docs/performance.md.
bench-latents: $(VENV)/.bench
	@mkdir -p build
	$(BIN)/python -m benchmarks.latents --json build/bench-latents.json >build/bench-latents.md
	@echo "The tables are build/bench-latents.md, every sample is in build/bench-latents.json"

# About a quarter of an hour; docs/image_performance.md.
bench-images: $(VENV)/.bench
	@mkdir -p build
	$(BIN)/python -m benchmarks.images --json build/bench-images.json >build/bench-images.md
	@echo "The tables are build/bench-images.md, every sample is in build/bench-images.json"

wheel: $(VENV)/.dev
	$(PIP) wheel --no-deps --wheel-dir dist .

clean:
	rm -rf build dist $(VENV)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "gansdk needs Python 3.10 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python $(SOURCES)
	$(PIP) install --quiet '.[cpu]'
	@touch $@

$(VENV)/.dev: $(BIN)/python $(SOURCES) constraints.txt
	$(PIP) install --quiet --constraint constraints.txt '.[dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: $(VENV)/.dev
	$(PIP) install --quiet --constraint constraints.txt '.[bench]'
	@touch $@
