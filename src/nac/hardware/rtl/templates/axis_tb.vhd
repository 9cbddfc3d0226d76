-- Sends inputs.hex through ${top}_axis and compares with $results.hex. Sender and receiver wait at random: never, now
-- and then, every other clock, nearly always, as it changes every 64 clocks. Ends with PASS, or a failure.
-- VHDL-2008; runs in the folder of the vectors.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use std.textio.all;
use std.env.finish;

entity ${top}_axis_tb is
end entity ${top}_axis_tb;

architecture test of ${top}_axis_tb is
    constant SAMPLES  : positive := $samples;
    constant PATIENCE : positive := 10000;  -- clocks without a result

    signal aclk, aresetn, s_valid, s_ready, s_last, m_valid, m_ready, m_last : std_logic := '0';
    signal s_data : std_logic_vector($in_bytes * 8 - 1 downto 0) := (others => '0');
    signal m_data : std_logic_vector($out_bytes * 8 - 1 downto 0);

    function willing(kind : natural; bits : unsigned(2 downto 0)) return boolean is
    begin
        case kind is
            when 0 => return true;
            when 1 => return bits(1 downto 0) /= 0;
            when 2 => return bits(0) = '1';
            when others => return bits = 0;
        end case;
    end function;

    function ends(sample : natural) return std_logic is
    begin
        if sample mod 16 = 15 or sample = SAMPLES - 1 then
            return '1';
        end if;
        return '0';
    end function;
begin
    aclk <= not aclk after 5 ns;

    dut : entity work.${top}_axis
        port map (
            aclk => aclk, aresetn => aresetn, s_axis_tdata => s_data, s_axis_tvalid => s_valid,
            s_axis_tready => s_ready, s_axis_tlast => s_last, m_axis_tdata => m_data, m_axis_tvalid => m_valid,
            m_axis_tready => m_ready, m_axis_tlast => m_last
        );

    process (aclk)
        file inputs        : text open read_mode is "inputs.hex";
        file outputs       : text open read_mode is "$results.hex";
        variable row       : line;
        variable word      : std_logic_vector($in_bytes * 8 - 1 downto 0);
        variable expected  : std_logic_vector($out_bytes * 8 - 1 downto 0);
        variable random    : unsigned(31 downto 0) := to_unsigned(1, 32);
        variable sender, receiver : natural := 0;
        variable sent, received, clocks, quiet : natural := 0;
    begin
        if rising_edge(aclk) then
            clocks := clocks + 1;
            if clocks > 4 then
                aresetn <= '1';
            end if;
            random := random xor shift_left(random, 13);
            random := random xor shift_right(random, 17);
            random := random xor shift_left(random, 5);
            if clocks mod 64 = 0 then
                sender   := to_integer(random(11 downto 10));
                receiver := to_integer(random(9 downto 8));
            end if;
            if aresetn = '1' then
                if s_valid = '0' or s_ready = '1' then
                    s_valid <= '0';
                    if sent < SAMPLES and willing(sender, random(18 downto 16)) then
                        readline(inputs, row);
                        hread(row, word);
                        s_data  <= word;
                        s_valid <= '1';
                        s_last  <= ends(sent);
                        sent    := sent + 1;
                    end if;
                end if;
                m_ready <= '1' when willing(receiver, random(26 downto 24)) else '0';
                quiet := quiet + 1;
                if m_valid = '1' and m_ready = '1' then
                    assert received < SAMPLES report "FAIL: a result too many" severity failure;
                    readline(outputs, row);
                    hread(row, expected);
                    assert m_data = expected
                        report "FAIL: result " & to_string(received) & " is " & to_hstring(m_data) & ", expected "
                            & to_hstring(expected) severity failure;
                    assert m_last = ends(received)
                        report "FAIL: a wrong tlast at result " & to_string(received) severity failure;
                    received := received + 1;
                    quiet := 0;
                end if;
                if quiet = PATIENCE then
                    assert received = SAMPLES
                        report "FAIL: no more results after " & to_string(received) severity failure;
                    report "PASS: " & to_string(received) & " results equal, in order, none lost, in "
                        & to_string(clocks - PATIENCE) & " clocks";
                    finish;
                end if;
            end if;
        end if;
    end process;
end architecture test;
