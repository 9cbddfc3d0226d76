//Numpy array shape [16]
//Min -6.046875000000
//Max 5.593750000000
//Number of zeros 0

#ifndef B8_H_
#define B8_H_

#ifndef __SYNTHESIS__
dense3_bias_t b8[16];
#else
dense3_bias_t b8[16] = {-3.156250, 1.156250, -1.187500, 0.765625, 5.593750, 1.265625, -1.140625, 0.234375, 1.140625, 1.984375, -0.500000, -6.046875, 4.359375, 1.437500, 1.281250, -4.031250};

#endif

#endif
