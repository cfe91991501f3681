# The thin front: what a newcomer types. Everything real is in CMake.

.PHONY: help deps deps-tests deps-bench build image-root demo demo-kafka test check test-asan format check-format fuzz
.PHONY: bench bench-kafka clean

CMAKE_BUILD = cmake --build build/$(1) --parallel $(shell nproc)

help:
	@echo 'make demo          build, then replay an attacked web host and print its alerts'
	@echo 'make demo-kafka    the same through a real Kafka broker on this machine'
	@echo 'make bench-kafka   rate, CPU and detection delay through a real broker (5 minutes)'
	@echo 'make test          build and run every test'
	@echo 'make build         build build/release/sequitur and build/release/loadgen'
	@echo 'make check         lint the shipped configuration and run the rules'"'"' own tests'
	@echo 'make test-asan     the tests under AddressSanitizer and UBSan'
	@echo 'make fuzz          build the libFuzzer targets (needs clang) in build/fuzz'
	@echo 'make bench         what an event costs from bytes to alert, and how that grows (3 minutes)'
	@echo 'make image-root    build the container image'"'"'s root in a Debian 13 made by debootstrap (root)'
	@echo 'make format        clang-format every source file'

deps:
	@deploy/install-build-deps.sh

deps-tests:
	@deploy/install-build-deps.sh --tests

deps-bench:
	@deploy/install-build-deps.sh --bench

build: deps
	@cmake --preset release > /dev/null
	@$(call CMAKE_BUILD,release) --target sequitur loadgen

demo: build
	build/release/sequitur replay --config config/sequitur.yaml --output text integration/demo/telemetry

demo-kafka: deps-tests build
	python3 -B integration/kafka_demo.py

bench-kafka: deps-tests build
	@$(call CMAKE_BUILD,release) --target kafka_load
	python3 -B integration/bench/kafka_bench.py

test: deps-tests
	@cmake --preset release > /dev/null
	@$(call CMAKE_BUILD,release)
	ctest --preset release --parallel $(shell nproc)

check: build
	build/release/sequitur check
	build/release/sequitur test

# Not those that need a broker: librdkafka is not instrumented.
test-asan: deps-tests
	@cmake --preset asan > /dev/null
	@$(call CMAKE_BUILD,asan)
	ctest --preset asan --parallel $(shell nproc) --exclude-regex 'integration/(kafka|prometheus)'

fuzz: deps
	cmake --preset fuzz
	$(call CMAKE_BUILD,fuzz)

bench: deps-bench
	@cmake --preset release > /dev/null
	@$(call CMAKE_BUILD,release) --target loadgen benches
	integration/bench/run.sh

# What deploy/Dockerfile does, where there is no Docker; half an hour.
image-root:
	deploy/image/test-build.sh

SOURCES = git ls-files '*.h' '*.cc' '*.inc'

format:
	@$(SOURCES) | grep -v '\.inc$$' | xargs clang-format -i

check-format:
	@$(SOURCES) | grep -v '\.inc$$' | xargs clang-format --dry-run -Werror

clean:
	rm -rf build
