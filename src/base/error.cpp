#include <logfia/base/error.hpp>

#include <cstring>

namespace logfia {

std::string describe(const Error& error) {
    std::string line = error.operation;
    if (!error.subject.empty()) line += (line.empty() ? "" : " ") + error.subject;
    if (error.code != 0)
        line += (line.empty() ? "" : ": ") + std::string(std::strerror(error.code));
    if (!error.advice.empty()) line += (line.empty() ? "" : "; ") + error.advice;
    return line;
}

}  // namespace logfia
