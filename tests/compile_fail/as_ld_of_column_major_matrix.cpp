// fails: skipmax: as_ld takes a row-major Eigen object[,;] for a column-major one .*call as_dl
#include "skipmax/eigen/matrix.hpp"

auto view(Eigen::MatrixXf& m) {
  return skipmax::as_ld(m);
}
