// The command line, through the C library's getopt_long.
#pragma once

#include <getopt.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

struct options {
  std::string data = "/usr/share/datasets/fashion-mnist";
  int images = 8, patches = 0, threads = 1;
};

inline constexpr const char* help_text =
    R"(Every attention of skipmax on Fashion-MNIST: time, weights, and difference from the definition.

  --data <directory>      of t10k-images-idx3-ubyte.gz (/usr/share/datasets/fashion-mnist)
  --images <1 to 256>     in the batch (8)
  --patches <49|196|784>  per image (all three, one after the other)
  --threads <1 to 256>    number of threads (1)
  --help                  this
)";

inline int whole_number(const char* flag, const char* text, int least, int most) {
  int number = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, number);
  if (error != std::errc() || rest != end || number < least || number > most)
    throw std::runtime_error(std::string(flag) + ": found '" + text + "', wanted " +
                             std::to_string(least) + " to " + std::to_string(most));
  return number;
}

// Ends the program after --help, and after getopt's own message if a flag is unknown.
inline options parse_options(int argc, char** argv) {
  static const option flags[] = {
      {"data", required_argument, nullptr, 'd'},    {"images", required_argument, nullptr, 'i'},
      {"patches", required_argument, nullptr, 'p'}, {"threads", required_argument, nullptr, 't'},
      {"help", no_argument, nullptr, 'h'},          {}};
  options o;
  for (int flag; (flag = getopt_long(argc, argv, "", flags, nullptr)) != -1;) {
    if (flag == 'd')
      o.data = optarg;
    else if (flag == 'i')
      o.images = whole_number("--images", optarg, 1, 256);
    else if (flag == 'p')
      o.patches = whole_number("--patches", optarg, 49, 784);
    else if (flag == 't')
      o.threads = whole_number("--threads", optarg, 1, 256);
    else
      std::fputs(help_text, flag == 'h' ? stdout : stderr), std::exit(flag == 'h' ? 0 : 2);
  }
  if (optind < argc)
    throw std::runtime_error(std::string("unexpected argument '") + argv[optind] + "'");
  if (o.patches != 0 && o.patches != 49 && o.patches != 196 && o.patches != 784)
    throw std::runtime_error("--patches: found " + std::to_string(o.patches) +
                             ", wanted 49, 196 or 784");
  return o;
}
