#include "loadgen/visitors.h"

#include "absl/strings/str_cat.h"
#include "loadgen/inventory.h"

namespace sequitur::loadgen {
namespace {

constexpr absl::string_view kBrowsers[] = {
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36",
};

constexpr absl::string_view kScanners[] = {"Mozilla/5.0 zgrab/0.x",
                                           "Mozilla/5.0 (compatible; Nuclei - Open-source project)",
                                           "python-requests/2.32.3", "Go-http-client/1.1", ""};

constexpr absl::string_view kScannerTargets[] = {
    "/.env",
    "/.git/config",
    "/wp-login.php",
    "/cgi-bin/luci/;stok=/locale",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/actuator/env",
    "/manager/html",
    "/download?file=..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/static/..%255c..%255c..%255cetc/passwd",
    "/HNAP1/",
    "/solr/admin/info/system",
    "/api?x=${jndi:ldap://127.0.0.1:1389/a}"};

struct Page {
  absl::string_view path;
  int64_t bytes;
  bool is_static;  // always the same bytes, and cached by browsers
};
constexpr Page kPages[] = {{"/", 18'420, false},
                           {"/products", 24'310, false},
                           {"/products/trail-shoe-42", 15'872, false},
                           {"/products/rain-jacket", 15'214, false},
                           {"/cart", 6'120, false},
                           {"/about", 4'977, false},
                           {"/blog/2026/11/winter-sale", 11'803, false},
                           {"/assets/app.9f31c2.js", 84'211, true},
                           {"/assets/app.77aa01.css", 21'965, true},
                           {"/assets/logo.svg", 2'314, true},
                           {"/images/hero-1600.jpg", 148'902, true},
                           {"/favicon.ico", 1'150, true},
                           {"/robots.txt", 68, true},
                           {"/sitemap.xml", 7'402, true}};
constexpr Page kSearch = {"/search", 12'640, false};

constexpr absl::string_view kSearchWords[] = {"boots", "jacket", "tent+2+person", "gift%20card",
                                              "caf%C3%A9+mug"};

Visit HealthProbe(Random& random) {
  Visit visit;
  visit.request.client = std::string(inventory::kLoadBalancer);
  visit.request.target = "/healthz";
  visit.request.bytes = 3;
  visit.request.user_agent = "HAProxy/2.8 healthcheck";
  visit.duration = random.Between(kMillisecond, 4 * kMillisecond);
  return visit;
}

void MakeThumbnail(Visit& visit, Random& random) {
  visit.effect = SideEffect::kThumbnail;
  visit.request.target = absl::StrCat("/thumb?id=", random.Between(1'000, 9'999), "&w=320");
  visit.request.status = 200;
  visit.request.bytes = random.Skewed(6'000, 40'000);
}

void MakePost(Visit& visit, SideEffect effect, absl::string_view target) {
  visit.effect = effect;
  visit.request.method = "POST";
  visit.request.target = std::string(target);
  visit.request.status = 302;
  visit.request.bytes = 0;
}

void MakeMissing(Visit& visit, Random& random) {
  visit.effect = SideEffect::kMissingFile;
  visit.request.target = absl::StrCat("/images/old/", random.Between(100, 999), ".jpg");
  visit.request.status = 404;
  visit.request.bytes = 555;
}

void MakeFailure(Visit& visit) {
  visit.effect = SideEffect::kFailure;
  visit.request.target = "/cart/update?item=42&qty=2";
  visit.request.status = 500;
  visit.request.bytes = 579;
}

// What this role's application does for some of its visitors.
void AddEffect(const Host& host, Visit& visit, Random& random) {
  const double dice = random.Unit();
  if (dice < 0.030) {
    if (host.role != Role::kHttpd) return MakeThumbnail(visit, random);
    visit.effect = SideEffect::kCgi;
    visit.request.target = "/cgi-bin/status.cgi";
    visit.request.status = 200;
    visit.request.bytes = 412;
  } else if (dice < 0.034 && host.RunsPhp()) {
    MakePost(visit, SideEffect::kMail, "/contact");
  } else if (dice < 0.054 && host.role != Role::kHttpd) {
    MakePost(visit, SideEffect::kPaymentCall, "/checkout");
  } else if (dice < 0.125) {
    MakeMissing(visit, random);
  } else if (dice < 0.1265) {
    MakeFailure(visit);
  }
}

}  // namespace

std::string VisitorAddress(Random& random) {
  constexpr absl::string_view kNetworks[] = {"198.51.100.", "203.0.113.", "192.0.2."};
  return absl::StrCat(random.Pick<absl::string_view>(kNetworks), random.Between(1, 254));
}

absl::string_view BrowserAgent(Random& random) { return random.Pick<absl::string_view>(kBrowsers); }

Visit BrowserVisit(const Host& host, Random& random) {
  Visit visit;
  Request& request = visit.request;
  request.client = VisitorAddress(random);
  request.user_agent = std::string(BrowserAgent(random));
  const Page& page = random.Chance(0.1) ? kSearch : random.Pick<Page>(kPages);
  request.target = std::string(page.path);
  request.bytes = page.is_static ? page.bytes : page.bytes + random.Between(-900, 900);
  if (&page == &kSearch) {
    absl::StrAppend(&request.target, "?q=", random.Pick<absl::string_view>(kSearchWords),
                    "&page=1");
  }
  if (random.Chance(0.6)) {
    request.referrer = absl::StrCat("https://", inventory::kSite, "/products");
  }
  if (page.is_static && random.Chance(0.4)) {
    request.status = 304;
    request.bytes = 0;
  }
  visit.duration = random.Skewed(2 * kMillisecond, 600 * kMillisecond);
  AddEffect(host, visit, random);
  return visit;
}

Visit ScannerVisit(Random& random) {
  Visit visit;
  visit.request.client = VisitorAddress(random);
  visit.request.user_agent = std::string(random.Pick<absl::string_view>(kScanners));
  visit.request.target = std::string(random.Pick<absl::string_view>(kScannerTargets));
  visit.request.status = 404;
  visit.request.bytes = 153;
  visit.duration = random.Between(kMillisecond, 9 * kMillisecond);
  visit.effect = SideEffect::kMissingFile;
  return visit;
}

Visit EverydayVisit(const Host& host, Random& random) {
  const double dice = random.Unit();
  if (dice < 0.10) return HealthProbe(random);
  if (dice < 0.12) return ScannerVisit(random);
  return BrowserVisit(host, random);
}

}  // namespace sequitur::loadgen
