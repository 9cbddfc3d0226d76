//Numpy array shape [2]
//Min 0.542968750000
//Max 0.716796875000
//Number of zeros 0

#ifndef B6_H_
#define B6_H_

#ifndef __SYNTHESIS__
conv2_bias_t b6[2];
#else
conv2_bias_t b6[2] = {0.716796875, 0.542968750};

#endif

#endif
