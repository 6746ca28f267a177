# Two commands matter: `make demo` and `make test`. Both install what they need.
SHELL      := /bin/bash
GO         ?= go
# The program, vet and staticcheck compile everything in one way, so that it is compiled once.
COMPILE    := CGO_ENABLED=0 GOFLAGS="$$GOFLAGS -trimpath"
TOOL       := $(COMPILE) $(GO) tool -modfile=tools/go.mod
BIN        := bin/tappa
DEMO_DATA  ?= data/demo
DEMO_ADDR  ?= 127.0.0.1:8080
ENGINE     := deploy/engine/node_modules/.package-lock.json
ASSETS     := dashboards/ui/vendor/echarts.min.js
KAFKA      := deploy/kafka/target/classpath.txt
DEBEZIUM   := deploy/debezium/target/classpath.txt
BROWSER    := dashboards/browser/node_modules/.package-lock.json
# The race detector needs a C compiler; tappa itself does not.
RACE       := $(if $(shell command -v gcc clang 2>/dev/null),-race,)
# A program with it waits for a second at its end unless told otherwise, and tests start many.
export GORACE ?= atexit_sleep_ms=10
TESTFLAGS  ?=
space      := $(subst ,, )

.PHONY: debezium all build demo test unit browser lint alerts-test chaos test-arm64 fuzz bench bench-ingest bench-identity eval-mood engine assets kafka clean help

all: build

help: ## what there is to run
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

build: $(BIN) ## build bin/tappa

.PHONY: $(BIN)
$(BIN): $(ASSETS)
	$(COMPILE) $(GO) build -ldflags="-s -w" -o $(BIN) ./cmd/tappa

demo: $(BIN) $(ENGINE) ## a year of the sample journey on embedded parts, with a page to look at
	$(BIN) up --demo --data $(DEMO_DATA) --listen $(DEMO_ADDR)

test: lint alerts-test unit browser ## everything: lint, unit and integration tests with the race detector, real Kafka, a browser

unit: $(ASSETS) $(ENGINE) $(KAFKA)
ifeq ($(RACE),)
	@echo "no C compiler found: running the tests WITHOUT the race detector (install gcc to have it)"
endif
	TAPPA_REQUIRE_PARTS=1 $(GO) test $(RACE) -vet=off -timeout 40m $(TESTFLAGS) ./...

browser: $(BIN) $(ENGINE) $(BROWSER) ## the pages in a real browser
	cd dashboards/browser && TAPPA_BIN=$(CURDIR)/$(BIN) node --test

lint: $(ASSETS) ## formatting, vet, staticcheck, revive, errorlint, godot
	@out=$$($(TOOL) gofumpt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofumpt: $$out"; exit 1; fi
	$(COMPILE) $(GO) vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) revive -config revive.toml ./...
	$(TOOL) go-errorlint ./...
	$(TOOL) godot $$(git ls-files '*.go')

alerts-test: ## the Prometheus alerts, where promtool is installed (Debian: apt-get install prometheus)
	@if command -v promtool >/dev/null; then cd deploy/prometheus && promtool check rules rules.yml && promtool test rules rules_test.yml; \
	elif [ -n "$$CI" ]; then echo "no promtool: the alerts cannot be tested"; exit 1; \
	else echo "no promtool: the alerts are NOT tested"; fi

QEMU := $(firstword $(shell command -v qemu-aarch64-static qemu-aarch64 2>/dev/null))

.PHONY: latency
latency: $(ENGINE) $(KAFKA) ## from publishing to visible in a view, at one interaction a second (LATENCY_EVENTS, default 60), beside LATENCY_LOAD others
	LATENCY_EVENTS=$${LATENCY_EVENTS:-60} TAPPA_REQUIRE_PARTS=1 $(GO) test ./internal/chaos -run TestLatency -count=1 -timeout 1h -v

test-arm64: ## that moods on arm64 are the same, bit for bit (Debian: apt-get install qemu-user-static)
	@test -n "$(QEMU)" || { echo "no qemu-aarch64: install it, or run go test ./sentiment on an arm64 machine"; exit 1; }
	CGO_ENABLED=0 GOARCH=arm64 $(GO) test -exec $(QEMU) -run 'Everywhere|Care|ExpAndTanh' ./sentiment

chaos: $(ENGINE) $(KAFKA) ## every kind of fault for as long as it takes (half an hour); writes the table of docs/faults.md (ROW=name for one)
	CHAOS_TABLE=$(CURDIR)/docs/faults.md TAPPA_REQUIRE_PARTS=1 $(GO) test ./internal/chaos -run 'TestChaos/$(subst $(space),_,$(ROW))' -count=1 -timeout 3h -v

debezium: $(DEBEZIUM) $(KAFKA) ## the SuiteCRM example through a real MariaDB (mariadbd in PATH), Debezium and Apache Kafka; two minutes
	TAPPA_DEBEZIUM=1 $(GO) test ./ingest/suitecrm -run TestDebezium -count=1 -timeout 15m -v

$(DEBEZIUM): deploy/debezium/pom.xml
	cd deploy/debezium && mvn -q -B dependency:build-classpath -Dmdep.outputFile=target/classpath.txt

.PHONY: oracle bench-walk
ORACLE := deploy/oracle/venv/.installed
PYTHON := deploy/oracle/venv/bin/python

oracle: $(BIN) $(ENGINE) $(ORACLE) ## golden files anew: lifelines and pm4py compute on data exported from tappa; then the tests compare
	rm -rf data/oracle && mkdir -p data/oracle
	TAPPA_ORACLE_OUT=$(CURDIR)/data/oracle $(GO) test ./aggregate -count=1 -run TestLibrariesAgree
	$(PYTHON) deploy/oracle/oracle.py survival data/oracle/visits.csv > aggregate/testdata/oracle/survival.json
	$(PYTHON) deploy/oracle/oracle.py process data/oracle/log.xes > aggregate/testdata/oracle/process.json
	$(BIN) import --data data/oracle/reports --journey deploy/examples/reports/journey.yaml --format csv \
		--mapping deploy/examples/reports/mapping.yaml deploy/examples/reports/segnalazioni-municipium.csv
	$(BIN) export log --data data/oracle/reports --format xes --out data/oracle/reports.xes
	$(PYTHON) deploy/oracle/oracle.py process data/oracle/reports.xes > cmd/tappa/testdata/oracle/reports.json
	$(GO) test ./aggregate ./cmd/tappa -count=1 -run 'LibrariesAgree|CitizensReports'

$(ORACLE): deploy/oracle/requirements.txt
	python3 -m venv deploy/oracle/venv && deploy/oracle/venv/bin/pip install --quiet -r deploy/oracle/requirements.txt
	@touch $@

bench-walk: $(ENGINE) $(ORACLE) ## the walk and the views on 20 M interactions (PEOPLE=1000000), beside pm4py and DuckDB; minutes
	$(GO) build -o bin/walktime ./internal/walktime
	bin/walktime --data data/walktime --people $${PEOPLE:-1000000}
	@echo "linear: 10 stages, 30 stages, twice the interactions"
	bin/walktime --data data/walktime-10 --people 50000 --each 30 --stages 10 --only rebuild
	bin/walktime --data data/walktime-30 --people 50000 --each 30 --stages 30 --only rebuild
	bin/walktime --data data/walktime-2x --people 100000 --each 30 --stages 10 --only rebuild
	bin/walktime --data data/walktime-peers --people $${PEER_PEOPLE:-100000} --only rebuild,peers,export --export data/walktime-peers
	$(PYTHON) deploy/oracle/peers.py data/walktime-peers/log.csv

fuzz: ## every fuzz target for FUZZTIME (default 20s) each
	@./deploy/fuzz.sh $${FUZZTIME:-20s}

bench-identity: ## who is who with ten million contact keys of two million people: time and memory
	TAPPA_BENCH_KEYS=10000000 $(GO) test -run '^$$' -bench 'Identity|WhoIsWho' -benchtime 1x -timeout 1h ./aggregate/people ./aggregate

bench: ## benchmarks of the hot path
	$(GO) test -run '^$$' -bench . -benchmem ./ingest/... ./journey/... ./sentiment/... ./aggregate/...

BENCH ?=

bench-ingest: $(ENGINE) $(KAFKA) ## Apache Kafka to the engine: tappa, and ClickHouse's Kafka engine on the same topic (BENCH="-events N -rounds N …"); minutes
	$(GO) build -o bin/ingestbench ./internal/ingestbench
	bin/ingestbench $(BENCH)

PEERS := deploy/moodpeers/node_modules/.package-lock.json

eval-mood: $(PEERS) ## macro-F1 of the mood scorer and of others on labelled text (MOOD_DATA=DIR with the sets); minutes
	$(GO) build -C internal/moodeval/peers -o $(CURDIR)/bin/govader .
	$(GO) run ./internal/moodeval --data $${MOOD_DATA:?set MOOD_DATA to the folder with the labelled sets} \
		--peer bin/govader --peer "node deploy/moodpeers/peers.mjs"

$(PEERS): deploy/moodpeers/package-lock.json
	cd deploy/moodpeers && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

engine: $(ENGINE) ## the embedded ClickHouse engine, through npm
$(ENGINE): deploy/engine/package-lock.json
	cd deploy/engine && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

assets: $(ASSETS) ## the pages' chart library, through npm
$(ASSETS): dashboards/ui/package-lock.json
	cd dashboards/ui && npm ci --no-audit --no-fund --loglevel=error
	mkdir -p dashboards/ui/vendor
	cp dashboards/ui/node_modules/echarts/dist/echarts.min.js dashboards/ui/node_modules/echarts/LICENSE dashboards/ui/vendor/

kafka: $(KAFKA) ## Apache Kafka for the integration tests, through Maven
$(KAFKA): deploy/kafka/pom.xml
	cd deploy/kafka && mvn -q -B dependency:build-classpath -Dmdep.outputFile=target/classpath.txt

$(BROWSER): dashboards/browser/package-lock.json
	cd dashboards/browser && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

clean: ## remove what was built
	rm -rf bin dashboards/ui/vendor/echarts* dashboards/ui/vendor/LICENSE dashboards/ui/node_modules dashboards/browser/node_modules deploy/engine/node_modules deploy/kafka/target deploy/debezium/target
