# make -f cocotb.mk          (pip install "cocotb>=2"; SIM=verilator for Verilator)
SIM ?= icarus
TOPLEVEL_LANG = verilog
VERILOG_SOURCES = $$(wildcard ../src/*.v ../src/static/*.v)
COCOTB_TOPLEVEL = ${top}_axis
COCOTB_TEST_MODULES = test_axis
ifeq ($$(SIM),verilator)
EXTRA_ARGS += -Wno-fatal -Wno-lint -Wno-style
endif
ifeq ($$(shell command -v cocotb-config),)
$$(error cocotb is not installed: pip install "cocotb>=2")
endif
include $$(shell cocotb-config --makefiles)/Makefile.sim
