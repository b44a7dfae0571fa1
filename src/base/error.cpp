#include <logfia/base/error.hpp>

#include <cstring>

namespace logfia {

std::string describe(const Error& error) {
    std::string line = error.operation + ' ';
    // A word of the command line may be empty, and is to be seen all the same.
    line += error.subject.empty() ? "''" : error.subject;
    if (error.code != 0) line += std::string(": ") + std::strerror(error.code);
    if (!error.advice.empty()) line += "; " + error.advice;
    return line;
}

}  // namespace logfia
