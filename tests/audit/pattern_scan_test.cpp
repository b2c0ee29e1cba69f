// What is found in texts, by both engines, against the reference
// (tests/golden/audit/patterns.jsonl) and python-stdnum (numbers.jsonl), and
// that nothing found is shown whole.
#include "forgelm/audit/pattern_scan.hpp"

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "audit/pattern_table.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;

std::vector<Json> golden(const std::string& name) {
  std::vector<Json> rows;
  for (const std::string& line : split(read_file(cat(FORGELM_SOURCE_DIR "/tests/golden/audit/", name)), '\n'))
    if (!line.empty()) rows.push_back(parse_json(line).value());
  return rows;
}

std::vector<ScanEngine> engines() {
  std::vector<ScanEngine> all = {ScanEngine::portable};
  if (has_hyperscan()) all.push_back(ScanEngine::hyperscan);
  return all;
}

using Found = std::multiset<std::string>;

Found by_reference(const Json& row) {
  Found found;
  for (const Json& item : row.at("found").items())
    found.insert(cat(item.items()[0].text(), " ", item.items()[1].integer(), " ", item.items()[2].integer()));
  return found;
}

Found by_us(std::string_view text, ScanEngine engine) {
  Found found;
  for (const Match& match : PatternScanner(engine).scan(text))
    if (all_kinds()[match.kind].is_reference)
      found.insert(cat(all_kinds()[match.kind].name, " ", match.begin, " ", match.end));
  return found;
}

std::set<std::string> kinds_in(std::string_view text, ScanEngine engine = ScanEngine::best) {
  std::set<std::string> names;
  for (const Match& match : PatternScanner(engine).scan(text)) names.emplace(all_kinds()[match.kind].name);
  return names;
}

/// Texts in which much could be something: pieces of what kinds look for, glued
/// and spoiled.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kPieces = {
      "4111 1111 1111 1111",
      "10000000146",
      "DE89370400440532013000",
      "a.b@c.de",
      "+49 30 901820",
      "(212) 555-0123",
      "123-45-6789",
      "192.168.7.23",
      "2001:db8::8a2e:370:7334",
      "RSSMRA85T10A562S",
      "131052-308T",
      "12.345.678-5",
      "85.07.30-033.28",
      "AB123456C",
      "x: 12",
      "password: ",
      "secret_key=\"",
      "\xD9\xA1\xD9\xA2",
      "\xEF\xBC\x91",
      "ghp_",
      "sk-",
      "-----BEGIN ",
      "glpat-",
      "k_live_",
      "AKIA",
      "Zx9Qw7Lm3Pk5Tr8Yn2",
      "\xC3\xA9",
      "\xE4\xB8\xAD",
      " ",
      "-",
      ".",
      "12345678",
      "X1234567",
      "0",
      "A",
      "ZZ",
      "tax file no. ",
      "Steuer-Identifikationsnummer: ",
      "bsn ",
      "telephone number is ",
      "123456782",
      "86095742719",
      "GB29NWBK60161331926819",
      "no word of this text stands before any number that it has, or so it seems; ",
      "::",
      ":",
      "=",
      "@",
      "_",
      "\n",
      "185052A006084",
      "r8_",
      "1",
      "/",
      "+"};
  std::string text;
  for (int i = 0; i < 12; ++i) {
    std::string piece = kPieces[random() % kPieces.size()];
    if (random() % 4 == 0) piece = piece.substr(0, random() % (piece.size() + 1));
    if (is_valid_utf8(piece)) text += piece;
  }
  return text;
}

TEST_CASE("both engines find what the reference finds, byte for byte") {
  const std::vector<Json> rows = golden("patterns.jsonl");
  REQUIRE(rows.size() > 1500);
  for (const Json& row : rows)
    for (const ScanEngine engine : engines()) {
      INFO(row.at("text").text());
      CHECK(by_us(row.at("text").text(), engine) == by_reference(row));
    }
}

TEST_CASE("what is looked for near its triggers is all that the expressions find in the whole text") {
  std::mt19937 random(11);
  const PatternScanner scanner;
  std::vector<Match> near, anywhere;
  std::size_t num_found = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string text = random_text(random);
    INFO(text);
    scanner.scan(text, scanner.triggers(text), near);
    scanner.scan(text, Triggers::everywhere(), anywhere);
    CHECK(near == anywhere);
    num_found += near.size();
  }
  CHECK(num_found > 2000);
}

TEST_CASE("no kind can match in a text that is too short to be looked at") {
  const auto& rows = kind_rows();
  REQUIRE(kNumClassTriggers + rows.size() <= NumberSet::kSize);
  for (const KindRow& row : rows) {
    INFO(row.kind.name);
    const Pattern pattern(row.expression, Pattern::Options{row.classes, row.dot_is_all, false});
    CHECK(pattern.min_characters() >= (row.literals.empty() ? kShortestMatch : kShortestToken));
  }
}

TEST_CASE("masking leaves what the reference leaves, with its counts") {
  for (const Json& row : golden("patterns.jsonl")) {
    const std::string& text = row.at("text").text();
    INFO(text);
    Counts pii, secrets;
    CHECK(mask_pii(text, KindScope::reference, &pii) == row.at("pii").text());
    CHECK(pii == to_counts(row.at("pii_counts")));
    CHECK(mask_secrets(text, KindScope::reference, &secrets) == row.at("secrets").text());
    CHECK(secrets == to_counts(row.at("secrets_counts")));
  }
}

TEST_CASE("national numbers are found when their check digits hold, and only then") {
  std::set<std::string> seen;
  for (const Json& row : golden("numbers.jsonl")) {
    const std::string& kind = row.at("kind").text();
    const std::string text = cat("number ", row.at("text").text(), ", as given");
    INFO(kind << ": " << text);
    REQUIRE(find_kind(kind) >= 0);
    seen.insert(kind);
    for (const ScanEngine engine : engines())
      CHECK(kinds_in(text, engine).count(kind) == (row.at("valid").boolean() ? 1u : 0u));
  }
  // Every kind of ours with a check digit has rows here.
  for (const Kind& kind : all_kinds())
    if (kind.family == Family::pii && !kind.is_reference && kind.is_checked && !kind.name.starts_with("ip"))
      CHECK(seen.count(std::string(kind.name)) == 1);
}

TEST_CASE(
    "Hyperscan and the portable scanner find the same in texts made to "
    "be nearly something") {
  if (!has_hyperscan()) FORGELM_SKIP("this build or processor has no Hyperscan");
  std::mt19937 random(8);
  std::size_t num_found = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = random_text(random);
    const auto portable = PatternScanner(ScanEngine::portable).scan(text);
    INFO(text);
    REQUIRE(PatternScanner(ScanEngine::hyperscan).scan(text) == portable);
    num_found += portable.size();
  }
  CHECK(num_found > 5000);
}

TEST_CASE(
    "addresses of networks are found, version numbers, times and scopes "
    "are not") {
  CHECK(kinds_in("from 192.168.7.23 to 10.0.0.254").count("ipv4") == 1);
  CHECK(kinds_in("peer 2001:db8::8a2e:370:7334 and fe80::1ff:fe23:4567:890a").count("ipv6") == 1);
  for (const char* text : {"version 1.2.3.4", "127.0.0.1", "0.0.0.0", "1.2.3.400", "2.10.1.2.3", "v10.20.30.40"})
    CHECK(kinds_in(text).count("ipv4") == 0);
  for (const char* text : {"at 12:30:45", "std::cout", "a::b::c", "::1", "de:ad", "10:20:30:40:50"})
    CHECK(kinds_in(text).count("ipv6") == 0);
}

TEST_CASE("telephone numbers are found as a country writes them, dates, versions and parts of longer numbers are not") {
  for (const ScanEngine engine : engines()) {
    for (const char* text : {"call 212-555-0123 now", "212.555.0123x45", "1-212-555-0123", "+44 (0)20 7946 0958",
                             "Phone: 0117 496 0123", "mobile number 079 123 45 67"}) {
      INFO(text);
      CHECK(kinds_in(text, engine).count("phone_national") == 1);
    }
    for (const char* text : {"id 123-456-7890", "2021-03-04-1234", "978-3-16-148410-0", "555-0123", "212-555.0123",
                             "212-555-0123-4", "telegram 0117 496 0123", "phone 12 34 56"}) {
      INFO(text);
      CHECK(kinds_in(text, engine).count("phone_national") == 0);
    }
  }
}

TEST_CASE("numbers with a weak check are found behind their names only") {
  CHECK(kinds_in("BSN: 111222333").count("nl_bsn") == 1);
  CHECK(kinds_in("order 111222333").count("nl_bsn") == 0);
  CHECK(kinds_in("bsn 111222334").count("nl_bsn") == 0);
}

TEST_CASE("tokens of further providers are found by their shape") {
  const auto repeated = [](std::string_view piece, std::size_t size) {
    std::string out;
    while (out.size() < size) out += piece;
    return out.substr(0, size);
  };
  const std::string mixed = repeated("a1B2c3D4", 300), hex = repeated("0f9a", 160), low = repeated("a1b2c3d4", 80),
                    caps = repeated("A1B2C3D4", 80), uuid = "0f9a0f9a-0f9a-4f9a-8f9a-0f9a0f9a0f9a";
  // In two parts, so that nobody takes this file for one that leaks.
  const std::vector<std::pair<std::string, std::string>> samples = {
      {"adafruit_key", cat("ai", "o_", mixed.substr(0, 28))},
      {"adobe_client_secret", cat("p8", "e-", mixed.substr(0, 32))},
      {"age_secret_key", cat("AGE-SECRET", "-KEY-1", repeated("QPZRY9X8", 58))},
      {"airtable_token", cat("pa", "t", mixed.substr(0, 14), ".", hex.substr(0, 64))},
      {"alibaba_access_key", cat("LT", "AI", mixed.substr(0, 20))},
      {"anthropic_api_key", cat("sk-", "ant-api03-", repeated("aB3_", 93))},
      {"artifactory_token", cat("AK", "Cp", mixed.substr(0, 69))},
      {"atlassian_token", cat("ATA", "TT3", mixed.substr(0, 186))},
      {"aws_bearer_key", cat("AB", "IA", repeated("A2B3C4D5", 16))},
      {"aws_bedrock_api_key", cat("AB", "SK", mixed.substr(0, 128))},
      {"azure_client_secret", cat("a1", "b8", "Q~", mixed.substr(0, 34))},
      {"braintree_token", cat("access_", "token$production$", low.substr(0, 16), "$", hex.substr(0, 32))},
      {"brevo_api_key", cat("xkey", "sib-", hex.substr(0, 64), "-", mixed.substr(0, 16))},
      {"cerebras_api_key", cat("cs", "k-", low.substr(0, 48))},
      {"clickhouse_api_secret", cat("4b", "1d", mixed.substr(0, 38))},
      {"clojars_token", cat("CLO", "JARS_", mixed.substr(0, 60))},
      {"cloudflare_origin_key", cat("v1", ".0-", hex.substr(0, 24), "-", hex.substr(0, 146))},
      {"contentful_token", cat("CF", "PAT-", mixed.substr(0, 43))},
      {"contribsys_url", cat(hex.substr(0, 8), ":", hex.substr(0, 8), "@gems.contrib", "sys.com")},
      {"database_url", cat("postgres", "://app:Sup3rS3cret@db.internal:5432/x")},
      {"databricks_token", cat("da", "pi", hex.substr(0, 32))},
      {"defined_networking_token", cat("dn", "key-", low.substr(0, 26), "-", low.substr(0, 52))},
      {"digitalocean_token", cat("dop", "_v1_", hex.substr(0, 64))},
      {"discord_webhook", cat("discord.com/api", "/webhooks/123456789012345678/", mixed.substr(0, 68))},
      {"docker_token", cat("dc", "kr_pat_", mixed.substr(0, 27))},
      {"doppler_token", cat("dp", ".pt.", mixed.substr(0, 43))},
      {"dropbox_token", cat("s", "l.", mixed.substr(0, 135))},
      {"duffel_token", cat("duf", "fel_live_", mixed.substr(0, 43))},
      {"dynatrace_token", cat("dt", "0c01.", caps.substr(0, 24), ".", caps.substr(0, 64))},
      {"easypost_key", cat("EZ", "AK", mixed.substr(0, 54))},
      {"elevenlabs_api_key", cat("s", "k_", hex.substr(0, 48))},
      {"facebook_page_token", cat("EA", "AM", mixed.substr(0, 120))},
      {"figma_token", cat("fi", "gd_", mixed.substr(0, 40))},
      {"flutterwave_key", cat("FLW", "SECK-", low.substr(0, 32), "-X")},
      {"fly_token", cat("fo", "1_", mixed.substr(0, 43))},
      {"frameio_token", cat("fi", "o-u-", mixed.substr(0, 64))},
      {"gitlab_session", cat("_gitlab_", "session=", low.substr(0, 32))},
      {"gitlab_token", cat("gl", "pat-", mixed.substr(0, 19), "-")},
      {"google_oauth_secret", cat("GOC", "SPX-", mixed.substr(0, 28))},
      {"google_oauth_token", cat("ya", "29.", mixed.substr(0, 40))},
      {"grafana_token", cat("gl", "sa_", mixed.substr(0, 32), "_", hex.substr(0, 8))},
      {"groq_api_key", cat("gs", "k_", mixed.substr(0, 52))},
      {"harness_token", cat("pa", "t.", mixed.substr(0, 22), ".", hex.substr(0, 24), ".", mixed.substr(0, 20))},
      {"heroku_api_key", cat("HRKU", "-AA", mixed.substr(0, 58))},
      {"huggingface_token", cat("h", "f_", repeated("aBcD", 34))},
      {"infracost_api_key", cat("ic", "o-", mixed.substr(0, 32))},
      {"intra42_secret", cat("s-s4", "t2ud-", hex.substr(0, 64))},
      {"langsmith_api_key", cat("ls", "v2_pt_", hex.substr(0, 32), "_", hex.substr(0, 10))},
      {"launchdarkly_key", cat("sd", "k-", uuid)},
      {"linear_api_key", cat("lin", "_api_", mixed.substr(0, 40))},
      {"mailchimp_api_key", cat(hex.substr(0, 32), "-u", "s12")},
      {"mailgun_api_key", cat("ke", "y-", hex.substr(0, 32))},
      {"mapbox_secret_token", cat("sk", ".eyJ", mixed.substr(0, 80), ".", mixed.substr(0, 22))},
      {"maxmind_license_key", cat(mixed.substr(0, 6), "_", mixed.substr(0, 29), "_m", "mk")},
      {"microsoft_teams_webhook", cat("acme.webhook.off", "ice.com/webhookb2/", uuid, "@", uuid, "/IncomingWebhook/",
                                      low.substr(0, 32), "/", uuid)},
      {"netlify_token", cat("nf", "p_", mixed.substr(0, 36))},
      {"newrelic_api_key", cat("NR", "AK-", caps.substr(0, 27))},
      {"notion_token", cat("nt", "n_", "12345678901", mixed.substr(0, 35))},
      {"npm_token", cat("np", "m_", mixed.substr(0, 36))},
      {"nuget_api_key", cat("oy", "2", low.substr(0, 43))},
      {"octopus_api_key", cat("AP", "I-", caps.substr(0, 26))},
      {"onepassword_secret_key", cat("A", "3-", caps.substr(0, 6), "-", caps.substr(0, 6), "-", caps.substr(0, 5), "-",
                                     caps.substr(0, 5), "-", caps.substr(0, 5), "-", caps.substr(0, 5))},
      {"onepassword_service_token", cat("ops", "_eyJ", mixed.substr(0, 250))},
      {"openshift_token", cat("sha2", "56~", mixed.substr(0, 43))},
      {"perplexity_api_key", cat("pp", "lx-", mixed.substr(0, 48))},
      {"planetscale_token", cat("psc", "ale_tkn_", mixed.substr(0, 43))},
      {"postman_api_key", cat("PM", "AK-", hex.substr(0, 24), "-", hex.substr(0, 34))},
      {"prefect_api_key", cat("pn", "u_", mixed.substr(0, 36))},
      {"pulumi_token", cat("pu", "l-", hex.substr(0, 40))},
      {"pypi_token", cat("py", "pi-AgEIcHlwaS5vcmc", mixed.substr(0, 80))},
      {"readme_api_key", cat("rd", "me_", low.substr(0, 70))},
      {"replicate_api_token", cat("r", "8_", mixed.substr(0, 37))},
      {"rubygems_api_key", cat("ruby", "gems_", hex.substr(0, 48))},
      {"scalingo_token", cat("tk-", "us-", mixed.substr(0, 48))},
      {"sendgrid_api_key", cat("S", "G.", mixed.substr(0, 22), ".", mixed.substr(0, 43))},
      {"sentry_token", cat("sntr", "yu_", hex.substr(0, 64))},
      {"settlemint_token", cat("sm_", "pat_", mixed.substr(0, 16))},
      {"shippo_token", cat("ship", "po_live_", hex.substr(0, 40))},
      {"shopify_token", cat("shp", "at_", hex.substr(0, 32))},
      {"slack_app_token", cat("xa", "pp-1-A0123ABCD-1234567890123-", low.substr(0, 64))},
      {"slack_webhook", cat("https://hooks.sl", "ack.com/services/T0123ABCD/B0123ABCD/", mixed.substr(0, 24))},
      {"sonar_token", cat("sq", "p_", hex.substr(0, 40))},
      {"sourcegraph_token", cat("sg", "p_", hex.substr(0, 40))},
      {"square_token", cat("sq0", "atp-", mixed.substr(0, 22))},
      {"stripe_api_key", cat("sk", "_live_", mixed.substr(0, 24))},
      {"supabase_token", cat("sb", "p_", hex.substr(0, 40))},
      {"tavily_api_key", cat("tv", "ly-", mixed.substr(0, 32))},
      {"telegram_bot_token", cat("123456789", ":AA", mixed.substr(0, 33))},
      {"terraform_token", cat(mixed.substr(0, 14), ".atla", "sv1.", mixed.substr(0, 67))},
      {"trello_token", cat("AT", "TA", hex.substr(0, 64))},
      {"twilio_api_key", cat("S", "K", hex.substr(0, 32))},
      {"typeform_token", cat("tf", "p_", mixed.substr(0, 44), "_", mixed.substr(0, 14))},
      {"vault_token", cat("hv", "s.", mixed.substr(0, 24))},
      {"webhook_secret", cat("wh", "sec_", mixed.substr(0, 32))},
      {"xai_api_key", cat("xa", "i-", mixed.substr(0, 80))},
      {"yandex_api_key", cat("AQ", "VN", mixed.substr(0, 35))},
      {"private_key", cat("-----BEGIN ", "PRIVATE KEY-----\n", mixed.substr(0, 80), "\n-----END ", "PRIVATE KEY-----")},
      {"high_entropy_secret", "db_password = \"Zx9Qw7Lm3Pk5Tr8Yn2Vb\""},
  };
  for (const Kind& kind : all_kinds()) {
    if (kind.family != Family::secret || kind.is_reference) continue;
    INFO(kind.name);
    CHECK(std::count_if(samples.begin(), samples.end(),
                        [&](const auto& sample) { return sample.first == kind.name; }) == 1);
  }
  for (const auto& [kind, text] : samples) {
    INFO(text);
    for (const ScanEngine engine : engines()) CHECK(kinds_in(cat("see ", text, " there"), engine).count(kind) == 1);
    CHECK(mask_secrets(cat("see ", text, " there")).find("[REDACTED-SECRET]") != std::string::npos);
    CHECK(mask_secrets(text, KindScope::reference).size() >= 10);
  }
}

TEST_CASE("what people write is no random value") {
  for (const char* text : {"password: correct-horse-battery-staple", "api_key=YOUR_API_KEY_GOES_HERE_1234",
                           "secret: the-secret-ingredient-is-love", "token = example0123456789abcd",
                           "key: 2021-03-04T10:11:12.000000", "password=aaaaaaaaaaaaaaaa1111"})
    CHECK(kinds_in(text).count("high_entropy_secret") == 0);
}

TEST_CASE(
    "of overlapping matches people see one: the worst, then the surest, "
    "then the narrowest") {
  const std::string text = cat("key sk-", "ant-api03-", std::string(90, 'x'));
  const auto kept = without_overlaps(PatternScanner().scan(text));
  REQUIRE(kept.size() == 1);
  CHECK(all_kinds()[kept[0].kind].name == "anthropic_api_key");
  const auto number = without_overlaps(PatternScanner().scan("10000000146"));
  REQUIRE(number.size() == 1);
  CHECK(all_kinds()[number[0].kind].name == "tr_id");
}

TEST_CASE("an excerpt shows no secret and little of anything") {
  const std::string secret = cat("AKIA", "ABCDEFGHIJKLMNOP");
  for (const auto& match : PatternScanner().scan(secret)) CHECK(masked_excerpt(secret, match) == "AK****************");
  const std::string card = "4111 1111 1111 1111";
  const auto found = PatternScanner().scan(card);
  REQUIRE(found.size() == 1);
  CHECK(masked_excerpt(card, found[0]) == "41***************11");
}

}  // namespace
