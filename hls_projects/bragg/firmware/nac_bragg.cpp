#include <iostream>

#include "nac_bragg.h"
#include "parameters.h"


void nac_bragg(
    hls::stream<input_t> &x,
    hls::stream<result_t> &layer11_out
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS INTERFACE axis port=x,layer11_out 
    #pragma HLS DATAFLOW

    // hls-fpga-machine-learning insert load weights
#ifndef __SYNTHESIS__
    static bool loaded_weights = false;
    if (!loaded_weights) {
        nnet::load_weights_from_txt<conv0_weight_t, 36>(w2, "w2.txt");
        nnet::load_weights_from_txt<conv0_bias_t, 4>(b2, "b2.txt");
        nnet::load_weights_from_txt<conv1_weight_t, 144>(w4, "w4.txt");
        nnet::load_weights_from_txt<conv1_bias_t, 4>(b4, "b4.txt");
        nnet::load_weights_from_txt<conv2_weight_t, 72>(w6, "w6.txt");
        nnet::load_weights_from_txt<conv2_bias_t, 2>(b6, "b6.txt");
        nnet::load_weights_from_txt<dense4_weight_t, 400>(w9, "w9.txt");
        nnet::load_weights_from_txt<dense4_bias_t, 8>(b9, "b9.txt");
        nnet::load_weights_from_txt<y_weight_t, 16>(w11, "w11.txt");
        nnet::load_weights_from_txt<y_bias_t, 2>(b11, "b11.txt");
        loaded_weights = true;    }
#endif
    // ****************************************
    // NETWORK INSTANTIATION
    // ****************************************

    // hls-fpga-machine-learning insert layers

    hls::stream<layer2_t> layer2_out("layer2_out");
    #pragma HLS STREAM variable=layer2_out depth=81

    hls::stream<layer3_t> layer3_out("layer3_out");
    #pragma HLS STREAM variable=layer3_out depth=81

    hls::stream<layer4_t> layer4_out("layer4_out");
    #pragma HLS STREAM variable=layer4_out depth=49

    hls::stream<layer5_t> layer5_out("layer5_out");
    #pragma HLS STREAM variable=layer5_out depth=49

    hls::stream<layer6_t> layer6_out("layer6_out");
    #pragma HLS STREAM variable=layer6_out depth=25

    hls::stream<layer7_t> layer7_out("layer7_out");
    #pragma HLS STREAM variable=layer7_out depth=25

    auto& layer8_out = layer7_out;
    hls::stream<layer9_t> layer9_out("layer9_out");
    #pragma HLS STREAM variable=layer9_out depth=1

    hls::stream<layer10_t> layer10_out("layer10_out");
    #pragma HLS STREAM variable=layer10_out depth=1

    nnet::conv_2d_cl<input_t, layer2_t, config2>(x, layer2_out, w2, b2); // conv0

    nnet::relu<layer2_t, layer3_t, relu_config3>(layer2_out, layer3_out); // conv0_act

    nnet::conv_2d_cl<layer3_t, layer4_t, config4>(layer3_out, layer4_out, w4, b4); // conv1

    nnet::relu<layer4_t, layer5_t, relu_config5>(layer4_out, layer5_out); // conv1_act

    nnet::conv_2d_cl<layer5_t, layer6_t, config6>(layer5_out, layer6_out, w6, b6); // conv2

    nnet::relu<layer6_t, layer7_t, relu_config7>(layer6_out, layer7_out); // conv2_act

    nnet::dense<layer7_t, layer9_t, config9>(layer8_out, layer9_out, w9, b9); // dense4

    nnet::relu<layer9_t, layer10_t, relu_config10>(layer9_out, layer10_out); // dense4_act

    nnet::dense<layer10_t, result_t, config11>(layer10_out, layer11_out, w11, b11); // y

}

