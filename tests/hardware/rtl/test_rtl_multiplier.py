"""The multiplier of two values in Verilog: rows of an adder, whatever the widths and signs."""

from itertools import product
from pathlib import Path

import pytest

from nac.hardware.rtl import tools
from nac.hardware.rtl.printed import OURS
from nac.hardware.rtl.simulation import run_verilog

WIDTHS = (1, 2, 3, 6, 9, 14)
BENCH = """
module bench;
  reg [63:0] random;
  integer n, wrong = 0;
{pairs}
  initial begin
    for (n = 0; n < 500; n = n + 1) begin
      random = n < 4 ? {{{{32{{n[1]}}}}, {{32{{n[0]}}}}}} : {{$random, $random}};
      #1 ;
{checks}
    end
    $display("wrong: %0d", wrong);
  end
endmodule
"""
PAIR = """
  wire signed [{a}:0] a{k} = {{1'd{sa} & random[{a}-1], random[{a}-1:0]}};
  wire signed [{b}:0] b{k} = {{1'd{sb} & random[31+{b}], random[31+{b}:32]}};
  wire [{a}+{b}-1:0] out{k};
  wire signed [{a}+{b}+1:0] product{k} = a{k} * b{k};
  multiplier #({a}, {b}, {sa}, {sb}, {a}+{b}) multiplier{k} (a{k}[{a}-1:0], b{k}[{b}-1:0], out{k});"""
CHECK = "      if (out{k} !== product{k}[{a}+{b}-1:0]) wrong = wrong + 1;"


@pytest.mark.skipif(tools.iverilog() is None, reason=tools.MISSING["iverilog"])
def test_products_are_exact(tmp_path: Path) -> None:
    tool = tools.iverilog()
    assert tool is not None
    cases = [{"k": k, "a": a, "b": b, "sa": sa, "sb": sb}
             for k, (a, b, sa, sb) in enumerate(product(WIDTHS, WIDTHS, (0, 1), (0, 1)))]  # fmt: skip
    pairs, checks = ("\n".join(text.format(**case) for case in cases) for text in (PAIR, CHECK))
    (tmp_path / "bench.v").write_text(BENCH.format(pairs=pairs, checks=checks))
    (source,) = [Path(tools.__file__).with_name("templates") / name for name in OURS if name == "multiplier.v"]
    assert run_verilog(tool, "bench", ["bench.v", str(source)], tmp_path).strip().endswith("wrong: 0")
