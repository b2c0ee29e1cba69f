// The test header for files that include ATen. c10 defines CHECK as its own fatal assertion and LOG as its logger; in
// tests CHECK is Catch2's, so torch comes first and its macros go.
#pragma once

#include "engine/torch.hpp"

#undef CHECK
#undef LOG

#include "support/test.hpp"
