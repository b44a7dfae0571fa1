#pragma once

#include <logfia/event/descriptor.hpp>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia {

/// The ports on which somebody was seen to listen: connections to them were accepted. Network
/// namespaces are not told apart.
class ServerPorts {
  public:
    void note(const Descriptor& descriptor);
    [[nodiscard]] bool contains(std::uint16_t port) const { return ports_.test(port); }

  private:
    std::bitset<65536> ports_;
};

/// How reports fold the name of a descriptor, without its type.
struct AlikeName {
    std::string name;  ///< shared by all that are alike; empty: by all of the type
    /// The name by which those that are alike still count as different names under `wider`: what is
    /// only guessed to be made up is not folded.
    std::string distinct;
    std::string wider;  ///< of a directory's files, or of a port's peers; empty: there is none
};

/// Folds digits, UUIDs, hashes and made-up letters of paths (name_group.hpp), and ports that the
/// kernel chooses: a client's, and those of the ephemeral range.
AlikeName alike_name(const Descriptor& descriptor, const ServerPorts& servers);

/// The path of a file without the kernel's ` (deleted)`, where the file is proved to be deleted.
std::string_view path_without_deleted(const Descriptor& descriptor);

/// Groups under one wider name, such as those of the files of a directory: each name has a group of
/// its own until ten names differ; from then on a single group holds all. A caller keeps one such
/// object for each wider name, and for whatever else may not be mixed (types, processes).
/// What is remembered of names is bounded, however many there are.
///
/// `Group` has a default constructor and `void merge(Group&&)`.
template <class Group>
class WideningGroups {
  public:
    static constexpr std::size_t kDifferent = 10;

    /// Finds the group of a name, or adds one. Slots stay good for the object's life.
    std::size_t slot_of(const AlikeName& alike) {
        if (is_wide_) return 0;
        note_distinct(alike.distinct);
        std::size_t slot = 0;
        while (slot < groups_.size() && groups_[slot].first != alike.name) ++slot;
        if (slot == groups_.size()) groups_.emplace_back(alike.name, Group());
        if (alike.wider.empty() || groups_.size() == 1 || distinct_.size() < kDifferent)
            return slot;
        widen();
        return 0;
    }
    [[nodiscard]] std::size_t resolve(std::size_t slot) const { return is_wide_ ? 0 : slot; }
    Group& operator[](std::size_t slot) { return groups_[resolve(slot)].second; }
    const Group& operator[](std::size_t slot) const { return groups_[resolve(slot)].second; }

    [[nodiscard]] bool is_wide() const { return is_wide_; }
    /// The name of one group, as long as there are several.
    [[nodiscard]] const std::string& name(std::size_t slot) const { return groups_[slot].first; }

  private:
    void note_distinct(std::string_view name) {
        if (distinct_.size() >= kDifferent) return;
        const std::size_t hash = std::hash<std::string_view>()(name);
        for (const std::size_t known : distinct_)
            if (known == hash) return;
        distinct_.push_back(hash);
    }
    void widen() {
        for (std::size_t i = 1; i < groups_.size(); ++i)
            groups_[0].second.merge(std::move(groups_[i].second));
        groups_.resize(1);
        groups_.shrink_to_fit();
        distinct_ = {};
        is_wide_ = true;
    }

    std::vector<std::pair<std::string, Group>> groups_;
    std::vector<std::size_t> distinct_;
    bool is_wide_ = false;
};

}  // namespace logfia
