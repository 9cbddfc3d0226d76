#ifndef DEFINES_H_
#define DEFINES_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_utils/nnet_types.h"
#include <array>
#include <cstddef>
#include <cstdio>
#include <tuple>
#include <tuple>


// hls-fpga-machine-learning insert numbers

// hls-fpga-machine-learning insert layer-precision
typedef nnet::array<ap_fixed<8,2>, 1*1> input_t;
typedef ap_fixed<14,6> conv0_accum_t;
typedef nnet::array<ap_fixed<14,6>, 4*1> layer2_t;
typedef ap_fixed<6,4> conv0_weight_t;
typedef ap_fixed<9,1> conv0_bias_t;
typedef nnet::array<ap_ufixed<6,3,AP_RND_CONV,AP_SAT,0>, 4*1> layer3_t;
typedef ap_fixed<18,8> conv0_act_table_t;
typedef ap_fixed<15,7> conv1_accum_t;
typedef nnet::array<ap_fixed<15,7>, 4*1> layer4_t;
typedef ap_fixed<6,1> conv1_weight_t;
typedef ap_fixed<9,1> conv1_bias_t;
typedef nnet::array<ap_ufixed<6,3,AP_RND_CONV,AP_SAT,0>, 4*1> layer5_t;
typedef ap_fixed<18,8> conv1_act_table_t;
typedef ap_fixed<16,7> conv2_accum_t;
typedef nnet::array<ap_fixed<15,6>, 2*1> layer6_t;
typedef ap_fixed<6,0> conv2_weight_t;
typedef ap_ufixed<9,0> conv2_bias_t;
typedef nnet::array<ap_ufixed<6,2,AP_RND_CONV,AP_SAT,0>, 2*1> layer7_t;
typedef ap_fixed<18,8> conv2_act_table_t;
typedef ap_fixed<16,7> dense4_accum_t;
typedef nnet::array<ap_fixed<15,6>, 8*1> layer9_t;
typedef ap_fixed<6,1> dense4_weight_t;
typedef ap_fixed<11,2> dense4_bias_t;
typedef ap_uint<1> layer9_index;
typedef nnet::array<ap_ufixed<6,2,AP_RND_CONV,AP_SAT,0>, 8*1> layer10_t;
typedef ap_fixed<18,8> dense4_act_table_t;
typedef ap_fixed<14,4> y_accum_t;
typedef nnet::array<ap_fixed<13,3>, 2*1> result_t;
typedef ap_fixed<6,0> y_weight_t;
typedef ap_fixed<9,-1> y_bias_t;
typedef ap_uint<1> layer11_index;

// hls-fpga-machine-learning insert emulator-defines


#endif
