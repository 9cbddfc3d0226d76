//Numpy array shape [4]
//Min -0.402343750000
//Max 0.671875000000
//Number of zeros 0

#ifndef B2_H_
#define B2_H_

#ifndef __SYNTHESIS__
conv0_bias_t b2[4];
#else
conv0_bias_t b2[4] = {0.09765625, 0.36328125, -0.40234375, 0.67187500};

#endif

#endif
