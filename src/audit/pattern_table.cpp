// Sources of the shapes: the reference (its kinds, to the letter), the issuers'
// documentation of their tokens, and the public rules of the national numbers
// (validators.cpp).
#include "pattern_table.hpp"

#include "forgelm/core/secret_shapes.hpp"

namespace forgelm::audit {
namespace {

constexpr auto kUnicode = Pattern::Classes::unicode;
constexpr auto kAscii = Pattern::Classes::ascii;

// White space as Python's \s has it, for a class.
#define PYTHON_SPACES R"(\t-\r\x1c- \x85\xa0\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})"
constexpr const char* kPhone =
    "(?<!\\w)(?:\\+\\d{1,3}[" PYTHON_SPACES ".-]?\\d{2,4}[" PYTHON_SPACES ".-]?\\d{2,4}[" PYTHON_SPACES
    ".-]?\\d{0,4}|\\(\\d{2,4}\\)[" PYTHON_SPACES ".-]?\\d{2,4}[" PYTHON_SPACES ".-]?\\d{2,4})(?!\\w)";
#undef PYTHON_SPACES

std::vector<KindRow> reference_secrets() {
  static const std::vector<std::vector<std::string_view>> kLiterals = {
      {"AKIA", "ASIA"},
      {"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"},
      {"xox"},
      {"sk-"},
      {"AIza"},
      {"eyJ"},
      {"-----BEGIN "},
      {"-----BEGIN "},
      {"DefaultEndpointsProtocol="},
  };
  static constexpr const char* kDocs[] = {"AWS access key",      "GitHub token",    "Slack token",
                                          "OpenAI API key",      "Google API key",  "JSON Web Token",
                                          "OpenSSH private key", "PGP private key", "Azure storage key"};
  std::vector<KindRow> rows;
  for (const SecretShape& shape : secret_shapes()) {
    const std::size_t i = rows.size();
    rows.push_back({.kind = {shape.kind, Family::secret, Tier::critical, true, false, kDocs[i]},
                    .expression = shape.pattern,
                    .classes = shape.classes,
                    .dot_is_all = shape.dot_is_all,
                    .literals = kLiterals[i]});
  }
  return rows;
}

std::vector<KindRow> reference_pii() {
  using enum Trigger;
  const auto row = [](std::string_view name, Tier tier, std::string_view doc, const char* expression,
                      Validator validator, std::vector<Trigger> triggers) {
    return KindRow{.kind = {name, Family::pii, tier, true, validator != nullptr, doc},
                   .expression = expression,
                   .classes = kUnicode,
                   .validator = validator,
                   .triggers = std::move(triggers)};
  };
  return {
      row("email", Tier::medium, "e-mail address",
          R"(\b[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,}\b)", nullptr,
          {at_sign}),
      row("iban", Tier::critical, "bank account number (IBAN)", R"(\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}\b)", is_iban,
          {caps_and_digits}),
      row("credit_card", Tier::critical, "payment card number", R"(\b(?:\d[ -]*){13,19}\b)", is_credit_card,
          {digits_13, unicode_digit}),
      row("us_ssn", Tier::high, "US social security number", R"(\b(?!000|666|9\d{2})\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b)",
          nullptr, {dashed_9, unicode_digit}),
      row("fr_ssn", Tier::high, "French social security number, by shape",
          R"(\b[12]\d{2}(?:0[1-9]|1[0-2])(?:2[AB]|\d{2})\d{3}\d{3}(?:\d{2})?\b)", nullptr,
          {run_11, corsican, unicode_digit}),
      row("tr_id", Tier::high, "Turkish identity number", R"(\b\d{11}\b)", is_tr_id, {run_11, unicode_digit}),
      row("de_id", Tier::high, "German identity card number, by shape", R"(\b[A-Z]\d{7,8}[A-Z0-9]?\b)", nullptr,
          {capital_and_7, unicode_digit}),
      row("phone", Tier::low, "telephone number", kPhone, nullptr, {plus_digit, paren_digits, unicode_digit}),
  };
}

KindRow pii_row(std::string_view name, Tier tier, std::string_view doc, const char* expression, Validator validator,
                std::vector<Trigger> triggers) {
  return {.kind = {name, Family::pii, tier, false, validator != nullptr, doc},
          .expression = expression,
          .classes = kAscii,
          .validator = validator,
          .triggers = std::move(triggers)};
}

std::vector<KindRow> further_pii() {
  using enum Trigger;
  const Tier high = Tier::high;
  return {
      pii_row("be_nrn", high, "Belgian national number", R"((?<!\w)\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}(?!\w))", is_be_nrn,
              {digits_9}),
      pii_row("br_cpf", high, "Brazilian CPF", R"((?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w))", is_br_cpf, {digits_9}),
      pii_row("ca_sin", high, "Canadian social insurance number",
              R"((?<!\w)(?<!\d[ -])[1-79]\d{2}([ -])\d{3}\1\d{3}(?!\w|[ -]\d))", is_ca_sin, {digits_9}),
      pii_row("cl_rut", high, "Chilean RUT", R"((?<!\w)\d{1,2}\.\d{3}\.\d{3}-[\dkK](?!\w))", is_cl_rut, {dots_2}),
      pii_row("cn_id", high, "Chinese resident identity number",
              R"((?<!\w)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\w))",
              is_cn_id, {run_11}),
      pii_row("es_dni", high, "Spanish DNI", R"((?<!\w)\d{8}[- ]?[A-HJ-NP-TV-Z](?!\w))", is_es_dni, {run_8}),
      pii_row("es_nie", high, "Spanish NIE", R"((?<!\w)[XYZ][- ]?\d{7}[- ]?[A-HJ-NP-TV-Z](?!\w))", is_es_nie, {run_7}),
      pii_row("fi_hetu", high, "Finnish personal identity code", R"((?<!\w)\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y](?!\w))",
              is_fi_hetu, {dated_9}),
      pii_row("fr_nir", high, "French social security number with its key",
              R"((?<!\w)[12](?: ?\d{2}){3} ?\d{3} ?\d{3} ?\d{2}(?!\w)|(?<!\w)[12]\d{4}2[AB]\d{8}(?!\w))", is_fr_nir,
              {digits_9, corsican}),
      pii_row("in_aadhaar", high, "Indian Aadhaar number",
              R"((?<!\w)(?<!\d[ -])[2-9]\d{3}([ -])\d{4}\1\d{4}(?!\w|[ -]\d))", is_in_aadhaar, {digits_9}),
      pii_row("it_fiscal_code", high, "Italian fiscal code",
              R"((?<!\w)(?=[A-Z]*\d)[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z](?!\w))",
              is_it_fiscal_code, {caps_16}),
      pii_row("kr_rrn", high, "Korean resident registration number", R"((?<!\w)\d{6}-[1-8]\d{6}(?!\w))", is_kr_rrn,
              {digits_9}),
      pii_row("mx_curp", high, "Mexican CURP", R"((?<!\w)[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d(?!\w))", is_mx_curp,
              {caps_16}),
      pii_row("pl_pesel", high, "Polish PESEL", R"((?<!\w)\d{11}(?!\w))", is_pl_pesel, {run_11}),
      pii_row("se_personnummer", high, "Swedish personal identity number", R"((?<!\w)(?:19|20)?\d{6}[-+]\d{4}(?!\w))",
              is_se_personnummer, {digits_9}),
      pii_row("uk_nhs", high, "British NHS number", R"((?<!\w)(?<!\d )\d{3} \d{3} \d{4}(?!\w| \d))", is_uk_nhs,
              {digits_9}),
      pii_row("uk_nino", high, "British national insurance number, by shape",
              R"((?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w))",
              nullptr, {caps_and_digits}),
      pii_row("ipv4", Tier::low, "IPv4 address",
              R"((?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\w|\.\d))", is_ipv4,
              {dots_3}),
      pii_row("ipv6", Tier::low, "IPv6 address",
              R"((?<![\w:.])(?:::)?[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){2,7}(?:::)?(?![\w:]))", is_ipv6,
              {hex_colons}),
  };
}

/// Numbers whose check is weak, behind a word that says what they are: the word, then at most four signs.
/// Shorter than kReach (triggers.hpp) in all.
#define BEHIND(words) "(?i)(?<!\\w)(?:" words ")(?: (?:no|number|nr)\\.?)?[ :=#.-]{1,4}\\K"

std::vector<KindRow> further_numbers() {
  using enum Trigger;
  const Tier high = Tier::high;
  return {
      pii_row("maestro_card", Tier::critical, "Maestro card number",
              R"((?<![\w-])(?:50(?:18|20|38)|5893|6304|67(?:59|6[1-3]))(?:[ -]?\d){8,15}(?!\w|-\d))", is_maestro_card,
              {digits_9}),
      pii_row("at_svnr", high, "Austrian social insurance number", R"((?<!\w)(?<!\d )[1-9]\d{3} \d{6}(?!\w| \d))",
              is_at_svnr, {digits_9}),
      pii_row("au_tfn", high, "Australian tax file number, behind its name",
              BEHIND("tfn|tax file") R"(\d{3} ?\d{3} ?\d{3}(?!\w))", is_au_tfn, {digits_9}),
      pii_row("ch_ahv", high, "Swiss social insurance number", R"((?<!\w)756(?:\.\d{4}\.\d{4}\.\d{2}|\d{10})(?!\w))",
              is_ch_ahv, {digits_9}),
      pii_row("cz_rc", high, "Czech or Slovak birth number", R"((?<!\w)\d{6}/\d{4}(?!\w|/\d))", is_cz_rc, {digits_9}),
      pii_row(
          "de_tax_id", high, "German tax identification number, behind its name",
          BEHIND("steuer-?id(?:entifikationsnummer|-?nr\\.?)?|idnr\\.?|tin") R"([1-9]\d ?\d{3} ?\d{3} ?\d{3}(?!\w))",
          is_de_tax_id, {digits_9}),
      pii_row("ee_ik", high, "Estonian or Lithuanian personal code", R"((?<!\w)[1-8]\d{10}(?!\w))", is_ee_ik, {run_11}),
      pii_row("gr_amka", high, "Greek social security number", R"((?<!\w)[0-3]\d[01]\d{8}(?!\w))", is_gr_amka,
              {run_11}),
      pii_row("hr_oib", high, "Croatian OIB, behind its name", BEHIND("oib") R"(\d{11}(?!\w))", is_hr_oib, {run_11}),
      pii_row("ie_pps", high, "Irish PPS number", R"((?<!\w)\d{7}[A-W][AHWTX]?(?!\w))", is_ie_pps, {run_7}),
      pii_row("nl_bsn", high, "Dutch citizen service number, behind its name",
              BEHIND("bsn|burgerservicenummer|sofinummer|citizen service") R"(\d{9}(?!\w))", is_nl_bsn, {run_8}),
      pii_row("no_fnr", high, "Norwegian birth number", R"((?<!\w)\d{6} ?\d{5}(?!\w))", is_no_fnr, {digits_9}),
      pii_row("pl_nip", high, "Polish tax number", R"((?<!\w)\d{3}-\d{3}-\d{2}-\d{2}(?!\w|-\d))", is_pl_nip,
              {digits_9}),
      pii_row("pt_nif", high, "Portuguese tax number, behind its name",
              BEHIND("nif|contribuinte") R"([1-9]\d{2} ?\d{3} ?\d{3}(?!\w))", is_pt_nif, {digits_9}),
      pii_row("ro_cnp", high, "Romanian personal code", R"((?<!\w)[1-9]\d{12}(?!\w))", is_ro_cnp, {run_11}),
      pii_row("za_id", high, "South African identity number", R"((?<!\w)\d{10}[01]\d{2}(?!\w))", is_za_id, {run_11}),
      pii_row(
          "phone_national", Tier::low, "telephone number without a country's code, or with its (0)",
          R"((?<![\w.+-])(?:1([-.]))?[2-9]\d{2}([-.])[2-9]\d{2}\2\d{4}(?: ?(?:x|ext\.?) ?\d{1,6})?(?!\w|[-.]\d))"
          R"(|(?<!\w)\+\d{1,3} ?\(0\) ?\d{1,4}(?:[ .-]?\d{2,4}){2,4}(?!\w))"
          R"(|(?i)(?<!\w)(?:phone|telephone|tel|mobile|cell|fax|whatsapp|telefon|tlf)(?: (?:number|no|nr))?[ .:#-]{1,3}(?:is )?\K(?=(?:[ .-]?\d){9})\d{2,5}(?:[ .-]?\d{2,4}){2,4}(?!\w))",
          nullptr, {digits_9, plus_digit}),
  };
}
#undef BEHIND

}  // namespace

const std::vector<KindRow>& kind_rows() {
  static const std::vector<KindRow> rows = [] {
    std::vector<KindRow> all;
    for (auto* make : {reference_secrets, reference_pii, provider_secrets, further_pii, further_numbers})
      for (KindRow& row : make()) all.push_back(std::move(row));
    return all;
  }();
  return rows;
}

const std::vector<NumberSet>& triggers_of_kinds() {
  static const std::vector<NumberSet> sets = [] {
    std::vector<NumberSet> all;
    for (const KindRow& row : kind_rows()) {
      NumberSet set;
      for (const Trigger trigger : row.triggers) set.set(static_cast<std::size_t>(trigger));
      if (!row.literals.empty()) set.set(literal_trigger(all.size()));
      all.push_back(set);
    }
    return all;
  }();
  return sets;
}

NumberSet kinds_of(const NumberSet& triggers) {
  static const auto of_classes = [] {
    std::array<NumberSet, kNumClassTriggers> sets;
    for (std::size_t i = 0; i < kind_rows().size(); ++i)
      for (const Trigger trigger : kind_rows()[i].triggers) sets[static_cast<std::size_t>(trigger)].set(i);
    return sets;
  }();
  NumberSet kinds;
  triggers.for_each([&](std::size_t trigger) {
    if (trigger < kNumClassTriggers) kinds |= of_classes[trigger];
    else kinds.set(trigger - kNumClassTriggers);
  });
  return kinds;
}

}  // namespace forgelm::audit
