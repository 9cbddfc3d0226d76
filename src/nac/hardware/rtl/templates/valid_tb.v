// Sends inputs.hex through ${top}_valid, with gaps, and compares every result with $results.hex and its time with
// the latency. Ends with PASS, or FAIL and a status of 1. Runs as the test bench of ${top}_axis does.
`timescale 1ns / 1ps

module ${top}_valid_tb;
  localparam SAMPLES = $samples;
  localparam LATENCY = $latency;

  reg [$in_bytes * 8 - 1:0] inputs[0:SAMPLES - 1];
  reg [$out_bytes * 8 - 1:0] outputs[0:SAMPLES - 1];
  reg clk = 1'b0;
  reg rst = 1'b1;
  reg in_valid = 1'b0;
  reg [$in_width - 1:0] in_data = 0;
  wire out_valid;
  wire [$out_width - 1:0] out_data;

  ${top}_valid dut (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_data(in_data),
      .out_valid(out_valid),
      .out_data(out_data)
  );

  integer sent = 0;
  integer received = 0;
  integer clocks = 0;
  reg [31:0] random = 32'd1;
  reg [LATENCY:0] expects = 0;  // whether a result is due, from now on

  initial begin
    $$readmemh("inputs.hex", inputs);
    $$readmemh("$results.hex", outputs);
  end

  always #5 clk = ~clk;

  always @(posedge clk) begin
    clocks <= clocks + 1;
    rst <= clocks < 4;
    random = random ^ (random << 13);
    random = random ^ (random >> 17);
    random = random ^ (random << 5);
    in_valid <= 1'b0;
    if (!rst && sent < SAMPLES && (sent < SAMPLES / 2 || random[8])) begin  // without gaps at first
      in_valid <= 1'b1;
      in_data <= inputs[sent][$in_width-1:0];
      sent <= sent + 1;
    end
    expects <= {expects[LATENCY-1:0], in_valid};
    if (!rst && out_valid !== expects[LATENCY-1]) begin
      $$display("FAIL: out_valid is %b in clock %0d, expected %b", out_valid, clocks, expects[LATENCY-1]);
      $$fatal(1);
    end
    if (!rst && out_valid) begin
      received <= received + 1;
      if (out_data !== outputs[received][$out_width-1:0]) begin
        $$display("FAIL: result %0d is %h, expected %h", received, out_data, outputs[received]);
        $$fatal(1);
      end
      if (received == SAMPLES - 1) begin
        $$display("PASS: %0d results equal, each %0d edges after its input", SAMPLES, LATENCY);
        $$finish;
      end
    end
  end
endmodule
