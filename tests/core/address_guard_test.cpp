#include "forgelm/core/address_guard.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include "forgelm/core/text.hpp"
#include "support/test.hpp"

using namespace forgelm;

namespace {
AddressKind kind_of_text(const std::string& text) {
  const auto address = parse_ip_address(text);
  INFO(text);
  REQUIRE(address.has_value());
  return kind_of(*address);
}
}  // namespace

TEST_CASE("address guard: every address of the golden table is judged as expected") {
  std::ifstream table(FORGELM_SOURCE_DIR "/tests/golden/address/addresses.tsv");
  int num_rows = 0;
  for (std::string line; std::getline(table, line); ++num_rows) {
    const std::vector<std::string> cells = split(line, '\t');
    REQUIRE(cells.size() == 4);
    INFO(line);
    const bool is_global = kind_of_text(cells[0]) == AddressKind::global;
    REQUIRE((is_global ? "global" : "refused") == cells[2]);
    REQUIRE((cells[1] == cells[2]) == cells[3].empty());  // where we differ from CPython, the table says why
  }
  REQUIRE(num_rows > 700);
}

TEST_CASE("address guard: kinds are told apart") {
  REQUIRE(kind_of_text("127.8.9.1") == AddressKind::loopback);
  REQUIRE(kind_of_text("::1") == AddressKind::loopback);
  REQUIRE(kind_of_text("::ffff:127.0.0.1") == AddressKind::loopback);
  REQUIRE(kind_of_text("10.1.2.3") == AddressKind::private_);
  REQUIRE(kind_of_text("fd12::1") == AddressKind::private_);
  REQUIRE(kind_of_text("100.100.100.200") == AddressKind::shared);
  REQUIRE(kind_of_text("169.254.169.254") == AddressKind::link_local);
  REQUIRE(kind_of_text("::ffff:169.254.169.254") == AddressKind::link_local);
  REQUIRE(kind_of_text("64:ff9b::a9fe:a9fe") == AddressKind::link_local);
  REQUIRE(kind_of_text("64:ff9b:1::a9fe:a9fe") == AddressKind::link_local);
  REQUIRE(kind_of_text("64:ff9b:1::808:808") == AddressKind::private_);
  REQUIRE(kind_of_text("2002:a9fe:a9fe::") == AddressKind::link_local);
  REQUIRE(kind_of_text("fe80::1") == AddressKind::link_local);
  REQUIRE(kind_of_text("255.255.255.255") == AddressKind::broadcast);
  REQUIRE(kind_of_text("0.0.0.0") == AddressKind::unspecified);
  REQUIRE(kind_of_text("::") == AddressKind::unspecified);
  REQUIRE(kind_of_text("ff02::1") == AddressKind::multicast);
  REQUIRE(kind_of_text("2001:db8::1") == AddressKind::documentation);
  REQUIRE(kind_of_text("2606:4700::1") == AddressKind::global);
}

TEST_CASE("address guard: allowing private destinations opens loopback and private networks, and no metadata service") {
  for (const char* text : {"127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"}) {
    INFO(text);
    REQUIRE_FALSE(may_dial(kind_of_text(text), false));
    REQUIRE(may_dial(kind_of_text(text), true));
  }
  for (const char* text : {"169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "255.255.255.255", "240.0.0.1",
                           "203.0.113.1", "192.0.0.192", "fec0::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"}) {
    INFO(text);
    REQUIRE_FALSE(may_dial(kind_of_text(text), true));
  }
  REQUIRE(may_dial(kind_of_text("8.8.8.8"), false));
}

TEST_CASE("address guard: only full addresses are read") {
  for (const char* text : {"", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "1.2.3.4.5", "1.2.3.256", " 1.2.3.4",
                           "[::1]", "fe80::1%eth0", ":::", "host"}) {
    INFO(text);
    REQUIRE_FALSE(parse_ip_address(text).has_value());
  }
  REQUIRE_FALSE(parse_ip_address(std::string_view("1.2.3.4\0", 8)).has_value());
  REQUIRE(to_string(*parse_ip_address("0:0:0:0:0:ffff:7f00:1")) == "::ffff:127.0.0.1");
}
