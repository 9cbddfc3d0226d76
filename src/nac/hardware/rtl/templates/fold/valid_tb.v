// Sends inputs.hex through $top, at first without gaps, and compares every result with $results.hex, and the time of
// those without gaps with the latency. Ends with PASS, or FAIL and a status of 1. Runs as the test bench of ${top}_axis
// does.
`timescale 1ns / 1ps

module ${top}_valid_tb;
  localparam SAMPLES = $samples;
  localparam BEATS = $beats;  // of a sample
  localparam LATENCY = $latency;  // from the first beat
  localparam GAPS = SAMPLES / 2 * BEATS;  // the first beat that may come late
  localparam PATIENCE = 1000 + 100 * BEATS + LATENCY;  // clocks without a result

  reg [$in_bytes * 8 - 1:0] inputs[0:SAMPLES * BEATS - 1];
  reg [$out_bytes * 8 - 1:0] outputs[0:SAMPLES - 1];
  reg clk = 1'b0;
  reg rst = 1'b1;
  reg in_valid = 1'b0;
  reg [$in_width - 1:0] in_data = 0;
  wire out_valid;
  wire [$out_width - 1:0] out_data;

  $top dut (
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
  integer quiet = 0;
  reg [31:0] random = 32'd1;

  initial begin
    $$readmemh("inputs.hex", inputs);
    $$readmemh("$results.hex", outputs);
  end

  always #5 clk = ~clk;

  always @(posedge clk) begin
    rst <= clocks < 4;
    clocks <= clocks + 1;
    random = random ^ (random << 13);
    random = random ^ (random >> 17);
    random = random ^ (random << 5);
    in_valid <= 1'b0;
    if (!rst && sent < SAMPLES * BEATS && (sent < GAPS || random[8])) begin
      in_valid <= 1'b1;
      in_data <= inputs[sent][$in_width-1:0];
      sent <= sent + 1;
    end
    quiet <= quiet + 1;
    if (!rst && out_valid) begin
      quiet <= 0;
      received <= received + 1;
      if (out_data !== outputs[received][$out_width-1:0]) begin
        $$display("FAIL: result %0d is %h, expected %h", received, out_data, outputs[received]);
        $$fatal(1);
      end
      if (clocks < GAPS && clocks !== 6 + LATENCY + received * BEATS) begin
        $$display("FAIL: result %0d came %0d edges after its input, expected %0d", received,
                  clocks - 6 - received * BEATS, LATENCY);
        $$fatal(1);
      end
      if (received == SAMPLES - 1) begin
        $$display("PASS: %0d results equal, each %0d edges after its first beat where there were no gaps", SAMPLES,
                  LATENCY);
        $$finish;
      end
    end
    if (quiet == PATIENCE) begin
      $$display("FAIL: no more results than %0d of %0d", received, SAMPLES);
      $$fatal(1);
    end
  end
endmodule
