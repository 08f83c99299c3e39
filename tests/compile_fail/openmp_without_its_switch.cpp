// fails: skipmax/execution/openmp.hpp needs OpenMP: compile and link with -fopenmp
#include "skipmax/execution/openmp.hpp"
