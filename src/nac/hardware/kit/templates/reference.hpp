// What the circuit of $name computes, in C++17 and nothing else: the same bits. Values are channels first, in integers.
//
//   $space::Outputs y = $space::outputs($space::inputs(sample));   // steps of 2**-$fraction
//   $space::Answers answer = $space::answers(y);
//
// Compile without -ffast-math: samples become integers in float, as they did in training.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace $space {

using Integer = std::int64_t;
template <std::size_t N> using Values = std::array<Integer, N>;
constexpr std::size_t INPUTS = $inputs, OUTPUTS = $outputs;
using Sample = std::array<float, INPUTS>;
using Inputs = Values<INPUTS>;
using Outputs = Values<OUTPUTS>;
using Answers = std::array<double, $answers>;

namespace detail {

// x * 2**shift, rounded half to even.
inline Integer shifted(Integer x, int shift) {
  if (shift >= 0) return x * (Integer(1) << shift);
  const Integer floor = x >> -shift, rest = x & ((Integer(1) << -shift) - 1), half = Integer(1) << (-shift - 1);
  return floor + (rest > half || (rest == half && (floor & 1)));
}

// x / 2**shift rounded half to even, or down, clipped, times 2**raised.
inline Integer quantised(Integer x, int shift, Integer low, Integer high, int raised, bool down) {
  const Integer rounded = down && shift > 0 ? x >> shift : shifted(x, -shift);
  return std::clamp(rounded, low, high) * (Integer(1) << raised);
}

template <std::size_t N, typename F> Values<N> each(const Values<N> &x, F f) {
  Values<N> y{};
  for (std::size_t i = 0; i < N; i++) y[i] = f(x[i]);
  return y;
}

$operations

$constants
$own
$answer_constants
}  // namespace detail

// Output integers of input integers.
inline Outputs outputs(const Inputs &v0) {
  using namespace detail;
$calls
}

// What output integers mean: $meaning.
inline Answers answers(const Outputs &a0) {
  using namespace detail;
$answer_calls
  return y;
}

// Input integers of a sample in physical units.
inline Inputs inputs(Sample x) {
  constexpr std::size_t positions = INPUTS / $channels;
  constexpr float offset[] = {$offsets}, scale[] = {$scales};
  constexpr int transform[] = {$transforms};  // 0: none, 1: log2(1 + x), 2: sqrt(x)
  if ($by_patch) {
    const float low = *std::min_element(x.begin(), x.end()), high = *std::max_element(x.begin(), x.end());
    for (float &value : x) value = (value - low) / (high > low ? high - low : 1.0f);
  }
  Inputs y{};
  for (std::size_t i = 0; i < INPUTS; i++) {
    const std::size_t feature = i / positions;
    float value = x[i];
    if (transform[feature] == 1) value = static_cast<float>(std::log2(1.0 + std::max(value, 0.0f)));
    if (transform[feature] == 2) value = std::sqrt(std::max(value, 0.0f));
    value = (value - offset[feature]) * scale[feature];
    value = std::min(std::max(value, $low.0f), $high.0f);
    const int raised = static_cast<int>(detail::input_raised[i]);
    value = std::ldexp(value, -raised);
    const Integer steps = static_cast<Integer>(detail::INPUT_DOWN ? std::floor(value) : std::nearbyint(value));
    y[i] = std::clamp(steps, detail::input_low[i], detail::input_high[i]) * (Integer(1) << raised);
  }
  return y;
}

}  // namespace $space
