// What the circuit of $name computes, in C++17 and nothing else: the same bits. Values are channels first, in integers.
//
//   $space::Outputs y = $space::outputs($space::inputs(sample));   // steps of 2**-$fraction
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

template <std::size_t N>
Values<N> each_own(const Values<N> &x, const Integer *shift, const Integer *low, const Integer *high,
                   const Integer *raised, bool down) {
  Values<N> y{};
  for (std::size_t i = 0; i < N; i++)
    y[i] = quantised(x[i], static_cast<int>(shift[i]), low[i], high[i], static_cast<int>(raised[i]), down);
  return y;
}

template <std::size_t N, typename F> Values<N> each(const Values<N> &x, F f) {
  Values<N> y{};
  for (std::size_t i = 0; i < N; i++) y[i] = f(x[i]);
  return y;
}

// Every S-th window of K0 x K1 on C channels of R x W positions within P0, P1 zeros. A dense layer has one position.
template <std::size_t O, std::size_t C, std::size_t R, std::size_t W, std::size_t K0, std::size_t K1, std::size_t S,
          std::size_t P0, std::size_t P1>
Values<O *((R + 2 * P0 - K0) / S + 1) * ((W + 2 * P1 - K1) / S + 1)>
sums(const Values<C * R * W> &x, const Integer *kernel, const Integer *bias, int shift) {
  constexpr std::size_t rows = (R + 2 * P0 - K0) / S + 1, columns = (W + 2 * P1 - K1) / S + 1;
  Values<O * rows * columns> y{};
  for (std::size_t o = 0; o < O; o++)
    for (std::size_t r = 0; r < rows; r++)
      for (std::size_t w = 0; w < columns; w++) {
        Integer sum = 0;
        for (std::size_t c = 0; c < C; c++)
          for (std::size_t i = 0; i < K0; i++)
            for (std::size_t j = 0; j < K1; j++) {
              const std::size_t at = r * S + i - P0, to = w * S + j - P1;  // below zero is beyond R and W
              if (at < R && to < W) sum += kernel[((o * C + c) * K0 + i) * K1 + j] * x[(c * R + at) * W + to];
            }
        y[(o * rows + r) * columns + w] = sum * (Integer(1) << shift) + bias[o];
      }
  return y;
}

template <std::size_t N> Values<N> add(const Values<N> &a, const Values<N> &b, int shift_a, int shift_b) {
  Values<N> y{};
  for (std::size_t i = 0; i < N; i++) y[i] = shifted(a[i], shift_a) + shifted(b[i], shift_b);
  return y;
}

// (M, K) times (K, N), either stored transposed.
template <std::size_t M, std::size_t K, std::size_t N, bool A, bool B>
Values<M * N> matmul(const Values<M * K> &a, const Values<K * N> &b) {
  Values<M * N> y{};
  for (std::size_t m = 0; m < M; m++)
    for (std::size_t n = 0; n < N; n++)
      for (std::size_t k = 0; k < K; k++) y[m * N + n] += a[A ? k * M + m : m * K + k] * b[B ? n * K + k : k * N + n];
  return y;
}

template <std::size_t C, std::size_t P> Values<C> mean(const Values<C * P> &x) {
  Values<C> y{};
  for (std::size_t i = 0; i < C * P; i++) y[i / P] += x[i];
  return y;
}

template <std::size_t C, std::size_t P> Values<C> maximum(const Values<C * P> &x) {
  Values<C> y{};
  for (std::size_t c = 0; c < C; c++) y[c] = *std::max_element(x.begin() + c * P, x.begin() + (c + 1) * P);
  return y;
}

// The largest of each S0 x S1 window of C channels of R x W positions.
template <std::size_t C, std::size_t R, std::size_t W, std::size_t S0, std::size_t S1>
Values<C * (R / S0) * (W / S1)> max_pool(const Values<C * R * W> &x) {
  constexpr std::size_t rows = R / S0, columns = W / S1;
  Values<C * rows * columns> y{};
  for (std::size_t i = 0; i < C * rows * columns; i++) {
    const std::size_t c = i / (rows * columns), r = i / columns % rows * S0, w = i % columns * S1;
    y[i] = x[(c * R + r) * W + w];
    for (std::size_t j = 0; j < S0 * S1; j++) y[i] = std::max(y[i], x[(c * R + r + j / S1) * W + w + j % S1]);
  }
  return y;
}

$constants
$own
}  // namespace detail

// Output integers of input integers.
inline Outputs outputs(const Inputs &v0) {
  using namespace detail;
$calls
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
