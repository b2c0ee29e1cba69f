// `forgelm`: all of it is in the library; see src/cli/app.cpp.
#include "forgelm/cli/app.hpp"

int main(int argc, char** argv) { return forgelm::cli::run_main(argc, argv); }
