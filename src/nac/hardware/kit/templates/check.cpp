// Checks the reference in C++ with the vectors beside it: g++ -std=c++17 -O2 check.cpp -o check && ./check
#include <fstream>
#include <iostream>

#include "reference.hpp"

int main(int count, char **arguments) {
  const bool samples = count > 1;  // a file of samples in physical units: their outputs are printed
  std::ifstream in(samples ? arguments[1] : "inputs.txt"), expected("outputs.txt"), meant("answers.txt");
  std::size_t total = 0, different = 0;
  $space::Inputs x;
  $space::Sample sample;
  while (true) {
    for (std::size_t i = 0; i < $space::INPUTS; i++) samples ? in >> sample[i] : in >> x[i];
    if (!in) break;
    if (samples) x = $space::inputs(sample);
    bool equal = true;
    const auto outputs = $space::outputs(x);
    for (const auto found : outputs) {
      $space::Integer wanted = found;
      if (samples) std::cout << found << ' ';
      else expected >> wanted;
      equal = equal && expected && wanted == found;
    }
    for (const double found : $space::answers(outputs)) {
      double wanted = found;
      if (!samples) meant >> wanted;
      equal = equal && meant && wanted == found;
    }
    if (samples) std::cout << '\n';
    total++;
    different += !equal;
  }
  if (samples) return 0;
  std::cout << (different || !total ? "FAIL: " : "PASS: ") << total - different << " of " << total << " results equal\n";
  return different || !total;
}
