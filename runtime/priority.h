#pragma once
// Which thread goes first where there are more of them than cores.

namespace netc::runtime {

// For helpers: the calling thread gets about a quarter of a core that it shares with the thread that all wait
// for, and as much as ever where a core is free.
void give_way();

}  // namespace netc::runtime
