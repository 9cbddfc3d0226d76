"""Networks that learn their widths, with what they cost in the loss: a whole front from one training."""
