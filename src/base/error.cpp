#include <logfia/base/error.hpp>

#include <cstring>

namespace logfia {

std::string describe(const Error& error) {
    std::string line = error.operation + ' ';
    // An empty word of the command line must be visible too.
    line += error.subject.empty() ? "''" : error.subject;
    if (error.code != 0) line += std::string(": ") + std::strerror(error.code);
    if (!error.advice.empty()) line += (error.code != 0 ? "; " : ": ") + error.advice;
    return line;
}

}  // namespace logfia
