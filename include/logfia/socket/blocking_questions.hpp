#pragma once

#include <logfia/socket/blocking_asker.hpp>
#include <logfia/socket/socket_answer.hpp>

#include <optional>
#include <vector>

// The questions that may block whoever puts them: for the threads of BlockingAsker.
namespace logfia {

/// Asks a duplicate of a socket, which stays the caller's; absent when the duplicate is not of the
/// intended socket.
std::optional<SocketAnswer> ask_copy(int fd, const BlockingRequest& request);

/// Asks for what the request wants, and fills in the outcome and the answer.
void ask_hint(BlockingRequest& request);
/// `buffer` is memory that is used again.
void ask_targets(BlockingRequest& request, std::vector<char>& buffer);
void ask_program(BlockingRequest& request);

}  // namespace logfia
