#ifndef NAC_CHANNEL_TYPES_H_
#define NAC_CHANNEL_TYPES_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

// Every value in the type of its channel, which is the last index.
template <class data_T, class res_T, typename CONFIG_T>
void channel_types(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_in]) {
    #pragma HLS PIPELINE
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        res[i] = CONFIG_T::template convert<res_T>(i % CONFIG_T::n_channels, data[i]);
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void channel_types(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    for (unsigned i = 0; i < CONFIG_T::n_in / data_T::size; i++) {
        #pragma HLS PIPELINE
        data_T in = data.read();
        res_T out;
        PRAGMA_DATA_PACK(out)
        for (unsigned j = 0; j < data_T::size; j++) {
            #pragma HLS UNROLL
            out[j] = CONFIG_T::template convert<typename res_T::value_type>(
                (i * data_T::size + j) % CONFIG_T::n_channels, in[j]);
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
