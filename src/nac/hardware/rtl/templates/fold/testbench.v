// Feeds one beat per clock, and from beat GAPS on with gaps of random length; records every result with its clock:
// stimuli.hex in, responses.hex out. Runs in Verilator (--binary --timing) and Icarus Verilog.
`timescale 1 ns / 1 ps

module testbench;
  localparam BEATS = $beats;
  localparam GAPS = $gaps;
  localparam RESULTS = $results;
  localparam PATIENCE = $patience;  // clocks without a result

  reg [$in_width - 1:0] stimuli[0:BEATS - 1];
  reg clk = 1'b0;
  reg rst = 1'b1;
  reg in_valid = 1'b0;
  reg [$in_width - 1:0] in_data = 0;
  wire out_valid;
  wire [$out_width - 1:0] out_data;
  reg [31:0] random = 32'd$seed;
  reg [1:0] kind = 2'd0;
  integer responses;
  integer tick = 0;
  integer sent = 0;
  integer received = 0;
  integer quiet = 0;

  $top dut (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_data(in_data),
      .out_valid(out_valid),
      .out_data(out_data)
  );

  function willing(input [1:0] how, input [2:0] bits);
    case (how)
      2'd0: willing = 1'b1;
      2'd1: willing = bits[1:0] != 2'd0;
      2'd2: willing = bits[0];
      default: willing = bits == 3'd0;
    endcase
  endfunction

  initial begin
    $$readmemh("stimuli.hex", stimuli);
    responses = $$fopen("responses.hex", "w");
    repeat (4) begin
      #1 clk = 1'b1;
      #1 clk = 1'b0;
    end
    rst = 1'b0;
    while (received < RESULTS && quiet < PATIENCE) begin
      random = random ^ (random << 13);
      random = random ^ (random >> 17);
      random = random ^ (random << 5);
      if (tick % 64 == 63) kind = random[9:8];
      in_valid = sent < BEATS && (sent < GAPS || willing(kind, random[18:16]));
      in_data = in_valid ? stimuli[sent] : random;  // what is not valid is not read
      sent = sent + in_valid;
      #1 clk = 1'b1;
      tick = tick + 1;
      #1 quiet = quiet + 1;
      if (out_valid) begin
        $$fdisplay(responses, "%0d %h", tick, out_data);
        received = received + 1;
        quiet = 0;
      end
      clk = 1'b0;
    end
    $$fclose(responses);
    $$finish;
  end
endmodule
