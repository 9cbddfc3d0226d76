// Feeds one input vector per clock and records the output of every clock: stimuli.hex in, responses.hex out.
// Runs in Verilator (--binary --timing) and Icarus Verilog.
`timescale 1 ns / 1 ps

module testbench;
  localparam SAMPLES = $samples;
  localparam CLOCKS = $clocks;

  reg [$in_width - 1:0] stimuli[0:SAMPLES - 1];
  reg clk = 1'b0;
  reg [$in_width - 1:0] model_inp = 0;
  wire [$out_width - 1:0] model_out;
  integer responses;
  integer tick;

  $top dut (
      .clk(clk),
      .model_inp(model_inp),
      .model_out(model_out)
  );

  initial begin
    $$readmemh("stimuli.hex", stimuli);
    responses = $$fopen("responses.hex", "w");
    for (tick = 0; tick < CLOCKS; tick = tick + 1) begin
      if (tick < SAMPLES) model_inp = stimuli[tick];
      #1 clk = 1'b1;
      #1 $$fdisplay(responses, "%h", model_out);
      clk = 1'b0;
    end
    $$fclose(responses);
    $$finish;
  end
endmodule
