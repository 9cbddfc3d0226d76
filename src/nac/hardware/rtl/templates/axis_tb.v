// Sends inputs.hex through ${top}_axis and compares with $results.hex. Sender and receiver wait at random: never, now
// and then, every other clock, nearly always, as it changes every 64 clocks. Ends with PASS, or FAIL and a status of 1.
// Runs in Verilator (--binary --timing) and Icarus Verilog (-g2012), in the folder of the vectors. +seed=N waits
// differently.
`timescale 1ns / 1ps

module ${top}_axis_tb;
  localparam SAMPLES = $samples;
  localparam BEATS = $beats;  // of a sample
  localparam PATIENCE = 10000 + 100 * BEATS;  // clocks without a result

  reg [$in_bytes * 8 - 1:0] inputs[0:SAMPLES * BEATS - 1];
  reg [$out_bytes * 8 - 1:0] outputs[0:SAMPLES - 1];
  reg aclk = 1'b0;
  reg aresetn = 1'b0;
  reg [$in_bytes * 8 - 1:0] s_axis_tdata = 0;
  reg s_axis_tvalid = 1'b0;
  wire s_axis_tready;
  reg s_axis_tlast = 1'b0;
  wire [$out_bytes * 8 - 1:0] m_axis_tdata;
  wire m_axis_tvalid;
  reg m_axis_tready = 1'b0;
  wire m_axis_tlast;

  ${top}_axis dut (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_axis_tdata(s_axis_tdata),
      .s_axis_tvalid(s_axis_tvalid),
      .s_axis_tready(s_axis_tready),
      .s_axis_tlast(s_axis_tlast),
      .m_axis_tdata(m_axis_tdata),
      .m_axis_tvalid(m_axis_tvalid),
      .m_axis_tready(m_axis_tready),
      .m_axis_tlast(m_axis_tlast)
  );

  integer sent = 0;
  integer received = 0;
  integer clocks = 0;
  integer quiet = 0;
  reg [31:0] random = 32'd1;
  reg [1:0] sender = 2'd0;
  reg [1:0] receiver = 2'd0;
  reg held = 1'b0;
  reg [$out_bytes * 8:0] shown = 0;

  function willing(input [1:0] kind, input [2:0] bits);
    case (kind)
      2'd0: willing = 1'b1;
      2'd1: willing = bits[1:0] != 2'd0;
      2'd2: willing = bits[0];
      default: willing = bits == 3'd0;
    endcase
  endfunction

  task fail(input [8 * 40 - 1:0] what);
    begin
      $$display("FAIL: %0s at result %0d of %0d: found %h, expected %h", what, received, SAMPLES, m_axis_tdata,
                outputs[received < SAMPLES ? received : SAMPLES - 1]);
      $$fatal(1);
    end
  endtask

  initial begin
    $$readmemh("inputs.hex", inputs);
    $$readmemh("$results.hex", outputs);
    if ($$value$$plusargs("seed=%d", random)) random = random * 32'd2654435761 | 32'd1;
  end

  always #5 aclk = ~aclk;

  always @(posedge aclk) begin
    clocks <= clocks + 1;
    aresetn <= clocks >= 4;
    random = random ^ (random << 13);
    random = random ^ (random >> 17);
    random = random ^ (random << 5);
    if (clocks % 64 == 63) {sender, receiver} <= random[11:8];

    if (aresetn) begin
      if (!s_axis_tvalid || s_axis_tready) begin
        s_axis_tvalid <= 1'b0;
        if (sent < SAMPLES * BEATS && willing(sender, random[18:16])) begin
          s_axis_tvalid <= 1'b1;
          s_axis_tdata <= inputs[sent];
          s_axis_tlast <= sent % (16 * BEATS) == 16 * BEATS - 1 || sent == SAMPLES * BEATS - 1;
          sent <= sent + 1;
        end
      end
      m_axis_tready <= willing(receiver, random[26:24]);

      if (held && (!m_axis_tvalid || shown != {m_axis_tlast, m_axis_tdata})) fail("a result changed while it waited");
      held <= m_axis_tvalid && !m_axis_tready;
      shown <= {m_axis_tlast, m_axis_tdata};

      quiet <= quiet + 1;
      if (m_axis_tvalid && m_axis_tready) begin
        quiet <= 0;
        received <= received + 1;
        if (received >= SAMPLES) fail("a result too many");
        else if (m_axis_tdata !== outputs[received]) fail("a wrong result");
        else if (m_axis_tlast !== (received % 16 == 15 || received == SAMPLES - 1)) fail("a wrong tlast");
      end
      if (quiet == PATIENCE) begin
        if (received < SAMPLES) fail("no more results");
        $$display("PASS: %0d results equal, in order, none lost, in %0d clocks", received, clocks - PATIENCE);
        $$finish;
      end
    end
  end
endmodule
