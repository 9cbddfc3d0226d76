//Numpy array shape [4]
//Min -0.371093750000
//Max 0.753906250000
//Number of zeros 0

#ifndef B4_H_
#define B4_H_

#ifndef __SYNTHESIS__
conv1_bias_t b4[4];
#else
conv1_bias_t b4[4] = {0.40234375, 0.75390625, -0.37109375, 0.28515625};

#endif

#endif
