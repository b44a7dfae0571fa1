// The older calls, which x86-64 and i386 have in common: see call_numbers.hpp.
// clang-format off
{__NR_creat, Call::creat},
{__NR_epoll_create, Call::epoll_create},
{__NR_eventfd, Call::eventfd},
{__NR_inotify_init, Call::inotify_init},
{__NR_open, Call::open},
{__NR_pipe, Call::pipe},
{__NR_signalfd, Call::signalfd},
{__NR_dup2, Call::dup2},
{__NR_rename, Call::rename},
{__NR_rmdir, Call::rmdir},
{__NR_unlink, Call::unlink},
