#pragma once
// The program `netc`: its commands and what they return to the shell.

namespace netc::driver {

int main(int argc, char** argv);

}  // namespace netc::driver
