#include "compiler/driver/driver.h"

int main(int argc, char** argv) { return netc::driver::main(argc, argv); }
