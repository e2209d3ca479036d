"""The benchmark's landing data: STEDI-shaped JSON lines of any size, seeded.

  python3 bench/generate.py FOLDER [--scale 1.0] [--gzip]

At scale 1: 50,000 customers, about 4.27 M accelerometer readings in 8 files (378 MB), 1.5 M step
readings in 4 files (165 MB).  As in the public data every customer has 30 step readings and about
85 accelerometer readings at the same instants, half of the customers share for research, and a few
instants belong to two customers.  The same arguments give the same bytes.
"""
import argparse
import gzip
import os
import random
import uuid

CUSTOMERS, STEPS, ACCELEROMETER = 50_000, 30, 85.4
NAMES = ("Santosh", "Ben", "Frank", "David", "Edward", "Liz", "Chris", "Trevor", "Neeraj", "Sarah", "Jaya", "Bobby")
SURNAMES = ("Clayton", "Khatib", "Hansen", "Jones", "Davis", "Mitra", "Harris", "Wu", "Lincoln", "Howard", "Doshmi")


def customers(rng, n):
    for i in range(n):
        name = f"{rng.choice(NAMES)} {rng.choice(SURNAMES)}"
        email = f"{name.replace(' ', '.')}{i}@test.com"
        registered = 1_655_000_000_000 + rng.randrange(10_000_000)
        serial = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        optional = ""
        if i % 2 == 0:
            optional += f',"shareWithResearchAsOfDate":{registered + rng.randrange(5_000_000)}'
        if rng.random() < 0.5:
            optional += f',"shareWithPublicAsOfDate":{registered}'
        if rng.random() < 0.6:
            optional += f',"shareWithFriendsAsOfDate":{registered}'
        line = (f'{{"customerName":"{name}","email":"{email}","phone":"8015551212","birthDay":"19{rng.randrange(10, 99)}-01-01",'
                f'"serialNumber":"{serial}","registrationDate":{registered},"lastUpdateDate":{registered}{optional}}}\n')
        yield line, email, serial


class Writer:
    """Lines spread over files of about equal size, in order."""

    def __init__(self, folder, name, files, compress):
        os.makedirs(folder, exist_ok=True)
        suffix = ".json.gz" if compress else ".json"
        paths = [os.path.join(folder, f"{name}-{i}{suffix}") for i in range(files)]
        self.files = [gzip.GzipFile(p, "wb", 6, mtime=0) if compress else open(p, "wb") for p in paths]
        self.held = [[] for _ in paths]

    def write(self, i, total, line):
        held = self.held[i * len(self.files) // total]
        held.append(line)
        if len(held) >= 20_000:
            self.flush()

    def flush(self):
        for f, held in zip(self.files, self.held):
            f.write("".join(held).encode())
            held.clear()

    def close(self):
        self.flush()
        for f in self.files:
            f.close()


def generate(folder, scale, compress):
    rng = random.Random(20221020)
    n = max(4, int(CUSTOMERS * scale))
    bucket = os.path.join(folder, "stedi-lake")
    out = {name: Writer(os.path.join(bucket, name, "landing"), name, files, compress)
           for name, files in (("customer", 1), ("accelerometer", 8), ("step_trainer", 4))}
    previous = [0, 0]           # a last instant of the last customer who shares, and who does not
    for i, (line, email, serial) in enumerate(customers(rng, n)):
        out["customer"].write(i, n, line)
        instants = [1_655_564_000_000 + rng.randrange(10_000_000_000) for _ in range(STEPS)]
        if rng.random() < 0.3 and previous[i % 2]:
            instants[0] = previous[i % 2]
        previous[i % 2] = instants[-1]
        for instant in instants:
            out["step_trainer"].write(i, n, f'{{"sensorReadingTime":{instant},"serialNumber":"{serial}",'
                                            f'"distanceFromObject":{rng.randrange(150, 300)}}}\n')
        for k in range(int(ACCELEROMETER + rng.random())):
            x, y, z = rng.randrange(-200, 200) / 100, rng.randrange(-200, 200) / 100, rng.randrange(-200, 200) / 100
            out["accelerometer"].write(i, n, f'{{"user":"{email}","timestamp":{instants[k % STEPS]},'
                                             f'"x":{x},"y":{y},"z":{z}}}\n')
    for writer in out.values():
        writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--gzip", action="store_true")
    options = parser.parse_args()
    generate(options.folder, options.scale, options.gzip)
