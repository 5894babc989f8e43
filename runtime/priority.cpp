#include "runtime/priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace netc::runtime {

void give_way() {
  // On Linux, a thread has a priority of its own.
  constexpr int kNice = 5;
  const auto thread = static_cast<id_t>(::gettid());
  ::setpriority(PRIO_PROCESS, thread, ::getpriority(PRIO_PROCESS, thread) + kNice);
}

}  // namespace netc::runtime
