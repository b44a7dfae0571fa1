#include "support/record_file.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace logfia::test {

Lines RecordFile::lines() const {
    std::ifstream file(path_, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return complete_lines(text.str());
}

JsonRecords RecordFile::all() const {
    JsonRecords records;
    for (const std::string& line : lines()) records.emplace_back(line);
    return records;
}

JsonRecord RecordFile::wait_for(const std::function<bool(const JsonRecord&)>& fits) const {
    std::optional<JsonRecord> found;
    const bool came = eventually([&] {
        const JsonRecords records = all();
        const auto at = std::find_if(records.begin(), records.end(), fits);
        if (at != records.end()) found = *at;
        return found.has_value();
    });
    if (came) return *found;
    std::string text = "the record did not come; " + path_ + ":\n";
    for (const std::string& line : lines()) text += line + '\n';
    throw std::runtime_error(text);
}

JsonRecord RecordFile::wait_for(std::string_view event, int pid, int fd) const {
    return wait_for([&](const JsonRecord& record) {
        return record["event"] == event && record["pid"] == std::to_string(pid) &&
               record["fd"] == std::to_string(fd);
    });
}

}  // namespace logfia::test
