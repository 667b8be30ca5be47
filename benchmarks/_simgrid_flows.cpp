// Flows over shared links in SimGrid: reads them from a file, prints CPU seconds and finish times.
//
//   driver <flows.txt> --cfg=...
//
// The file: number of links and of flows; the bandwidth of each link [byte/s]; of each flow its
// start [s], size [byte], number of links and their indices. Flows are sorted by start. A flow's
// latency is part of its start, since SimGrid would weigh the sharing by it. Every flow has a host of
// its own in a star whose way up is the flow's path; the way down is empty.
#include <simgrid/s4u.hpp>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

namespace sg4 = simgrid::s4u;

struct Flow {
  double start;
  double size;
  sg4::Host* source;
};

static double cpu_seconds()
{
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

int main(int argc, char** argv)
{
  sg4::Engine engine(&argc, argv);
  std::ifstream file(argv[1]);
  size_t link_count = 0;
  size_t flow_count = 0;
  file >> link_count >> flow_count;
  auto* zone = sg4::create_star_zone("world");
  std::vector<const sg4::Link*> links;
  for (size_t i = 0; i < link_count; i++) {
    double bandwidth;
    file >> bandwidth;
    links.push_back(zone->create_link("link-" + std::to_string(i), bandwidth)->set_latency(0.0)->seal());
  }
  std::vector<Flow> flows;
  for (size_t i = 0; i < flow_count; i++) {
    Flow flow;
    size_t hops;
    file >> flow.start >> flow.size >> hops;
    std::vector<sg4::LinkInRoute> path;
    for (size_t hop = 0; hop < hops; hop++) {
      size_t index;
      file >> index;
      path.emplace_back(links[index]);
    }
    flow.source = zone->create_host("source-" + std::to_string(i), 1.0)->seal();
    zone->add_route(flow.source->get_netpoint(), nullptr, nullptr, nullptr, path, false);
    flows.push_back(flow);
  }
  auto* target = zone->create_host("target", 1.0)->seal();
  zone->add_route(nullptr, target->get_netpoint(), nullptr, nullptr, std::vector<sg4::LinkInRoute>{}, false);
  zone->seal();

  std::vector<sg4::CommPtr> comms;
  sg4::Actor::create("injector", target, [&flows, &comms, target]() {
    for (const Flow& flow : flows) {
      sg4::this_actor::sleep_until(flow.start);
      auto comm = sg4::Comm::sendto_init(flow.source, target);
      comm->set_payload_size(flow.size);
      comm->start();
      comms.push_back(comm);
    }
    for (const auto& comm : comms)
      comm->wait();
  });
  double before = cpu_seconds();
  engine.run();
  std::printf("%.9f\n", cpu_seconds() - before);
  for (const auto& comm : comms)
    std::printf("%.17g\n", comm->get_finish_time());
  return 0;
}
