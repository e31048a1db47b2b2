"""The portal's categories and how often each occurs, per thousand, as counted in real rows of December 2021.

Rare values that a month of rows does not show are added with small weights. None is a blank. Spaces at the ends of
some values are the portal's own carelessness, kept on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping

Weights = Mapping[str | None, float]


def flag(yes: float, no: float) -> Weights:
    return {None: 1000 - yes - no, "Y": yes, "N": no}


# fmt: off
CRASH: dict[str, Weights] = {
    "crash_date_est_i": flag(59, 10),
    "posted_speed_limit": {
        "30": 720, "25": 73, "35": 70, "20": 38, "15": 35, "10": 21, "40": 17, "45": 15, "5": 4, "55": 4, "0": 1,
        "3": 1, "39": 1, "99": 0.1,
    },
    "traffic_control_device": {
        "NO CONTROLS": 520, "TRAFFIC SIGNAL": 313, "STOP SIGN/FLASHER": 106, "UNKNOWN": 48, "OTHER": 6, "YIELD": 3,
        "DELINEATORS": 2, "OTHER WARNING SIGN": 2, "PEDESTRIAN CROSSING SIGN": 0.7, "RAILROAD CROSSING GATE": 0.6,
    },
    "device_condition": {
        "NO CONTROLS": 529, "FUNCTIONING PROPERLY": 379, "UNKNOWN": 80, "NOT FUNCTIONING": 5, "OTHER": 5,
        "FUNCTIONING IMPROPERLY": 2, "MISSING": 0.2,
    },
    "road_defect": {
        "NO DEFECTS": 751, "UNKNOWN": 237, "OTHER": 7, "SHOULDER DEFECT": 3, "WORN SURFACE": 2, "RUT, HOLES": 5,
        "DEBRIS ON ROADWAY": 0.7,
    },
    "trafficway_type": {
        "NOT DIVIDED": 399, "DIVIDED - W/MEDIAN (NOT RAISED)": 134, "FOUR WAY": 121, "ONE-WAY": 114,
        "DIVIDED - W/MEDIAN BARRIER": 68, "PARKING LOT": 56, "OTHER": 24, "T-INTERSECTION": 23, "ALLEY": 16,
        "UNKNOWN": 14, "RAMP": 6, "UNKNOWN INTERSECTION TYPE": 6, "Y-INTERSECTION": 5, "FIVE POINT, OR MORE": 4,
        "CENTER TURN LANE": 4, "DRIVEWAY": 4, "ROUNDABOUT": 1, "TRAFFIC ROUTE": 1, "NOT REPORTED": 0.4,
    },
    "lane_cnt": {None: 780, "2": 105, "4": 57, "1": 38, "3": 9, "0": 9, "6": 5, "5": 2, "8": 1, "99": 0.1},
    "alignment": {
        "STRAIGHT AND LEVEL": 966, "STRAIGHT ON GRADE": 21, "CURVE, LEVEL": 7, "CURVE ON HILLCREST": 2,
        "STRAIGHT ON HILLCREST": 2, "CURVE ON GRADE": 2,
    },
    "report_type": {"NOT ON SCENE (DESK REPORT)": 499, "ON SCENE": 477, None: 24, "AMENDED": 0.2},
    "intersection_related_i": flag(259, 12),
    "private_property_i": flag(40, 5),
    "hit_and_run_i": flag(309, 11),
    "damage": {"OVER $1,500": 669, "$501 - $1,500": 253, "$500 OR LESS": 78},
    "prim_contributory_cause": {
        "UNABLE TO DETERMINE": 399, "FAILING TO YIELD RIGHT-OF-WAY": 108, "FOLLOWING TOO CLOSELY": 94,
        "FAILING TO REDUCE SPEED TO AVOID CRASH": 58, "WEATHER": 47, "NOT APPLICABLE": 42,
        "IMPROPER TURNING/NO SIGNAL": 41, "IMPROPER OVERTAKING/PASSING": 39, "IMPROPER LANE USAGE": 28,
        "DRIVING SKILLS/KNOWLEDGE/EXPERIENCE": 30, "DISREGARDING TRAFFIC SIGNALS": 23, "IMPROPER BACKING": 16,
        "OPERATING VEHICLE IN ERRATIC, RECKLESS, CARELESS, NEGLIGENT OR AGGRESSIVE MANNER": 15,
        "DISREGARDING STOP SIGN": 10, "EQUIPMENT - VEHICLE CONDITION": 10, "DRIVING ON WRONG SIDE/WRONG WAY": 6,
        "VISION OBSCURED (SIGNS, TREE LIMBS, BUILDINGS, ETC.)": 5, "PHYSICAL CONDITION OF DRIVER": 4,
        "DISTRACTION - FROM INSIDE VEHICLE": 4, "DISREGARDING OTHER TRAFFIC SIGNS": 4,
        "UNDER THE INFLUENCE OF ALCOHOL/DRUGS (USE WHEN ARREST IS EFFECTED)": 3, "DISREGARDING ROAD MARKINGS": 2,
        "CELL PHONE USE OTHER THAN TEXTING": 2, "ROAD CONSTRUCTION/MAINTENANCE": 2, "ANIMAL": 1, "TEXTING": 0.4,
        "EXCEEDING AUTHORIZED SPEED LIMIT": 1, "EXCEEDING SAFE SPEED FOR CONDITIONS": 1, "TURNING RIGHT ON RED": 1,
    },
    "sec_contributory_cause": {
        "NOT APPLICABLE": 431, "UNABLE TO DETERMINE": 328, "FAILING TO REDUCE SPEED TO AVOID CRASH": 47,
        "DRIVING SKILLS/KNOWLEDGE/EXPERIENCE": 41, "FAILING TO YIELD RIGHT-OF-WAY": 31, "FOLLOWING TOO CLOSELY": 25,
        "WEATHER": 23, "IMPROPER LANE USAGE": 13, "IMPROPER OVERTAKING/PASSING": 10, "IMPROPER BACKING": 7,
        "IMPROPER TURNING/NO SIGNAL": 10, "DISREGARDING STOP SIGN": 5, "ANIMAL": 2,
    },
    "street_direction": {"S": 346, "W": 344, "N": 230, "E": 80},
    "street_name": {
        "WESTERN AVE": 35, "PULASKI RD": 27, "CICERO AVE": 26, "HALSTED ST": 20, "KEDZIE AVE": 18,
        "ASHLAND AVE": 17, "CALIFORNIA AVE": 15, "LAKE SHORE DR SB": 15, "CLARK ST": 13, "COTTAGE GROVE AVE": 13,
        "LAKE SHORE DR": 13, "LAKE SHORE DR NB": 13, "63RD ST": 12, "47TH ST": 12, "DAMEN AVE": 12,
        "ARCHER AVE": 11, "STATE ST": 11, "NORTH AVE": 11, "95TH ST": 11, "IRVING PARK RD": 11, "FOSTER AVE": 10,
        "MADISON ST": 9, "MICHIGAN AVE": 9, "ROOSEVELT RD": 9, "87TH ST": 9, "CENTRAL AVE": 9, "MONTROSE AVE": 8,
        "79TH ST": 8, "CERMAK RD": 8, "CONGRESS PKWY": 8, "103RD ST": 8, "59TH ST": 7, "ELSTON AVE": 7,
        "DIVISION ST": 7, "76TH ST": 7, "STONY ISLAND AVE": 7, "SHERIDAN RD": 7, "DEVON AVE": 7, "71ST ST": 6,
        "OGDEN AVE": 6, "ADDISON ST": 6, "GRAND AVE": 6, "55TH ST": 5, "LARAMIE AVE": 5, "JEFFERY BLVD": 5,
        "DR MARTIN LUTHER KING JR DR": 5, "MILWAUKEE AVE": 5, "GARFIELD BLVD": 5, "HARLEM AVE": 5, "COLUMBUS DR": 4,
        "BELMONT AVE": 4, "O'BRIEN ST": 1, "WESTERN AVE ": 0.6, " PULASKI RD": 0.5, "LAKE  SHORE DR": 0.4,
        "UNKNOWN": 0.5, None: 0.1,
    },
    "photos_taken_i": flag(12, 3),
    "statements_taken_i": flag(20, 2),
    "dooring_i": flag(2, 1),
    "work_zone_i": flag(3, 1),
    "work_zone_type": {None: 996, "CONSTRUCTION": 2.5, "UTILITY": 0.5, "MAINTENANCE": 0.5, "UNKNOWN": 0.3},
    "workers_present_i": flag(1, 0.2),
    ":@computed_region_rpca_8um6": {
        "4299": 30, "14309": 35, "14310": 20, "14311": 18, "14314": 18, "21182": 32, "21184": 22, "21186": 28,
        "21190": 26, "21194": 16, "21202": 24, "21546": 31, "21554": 30, "21559": 34, "21569": 20, "21861": 29,
        "21867": 33, "22212": 19, "22216": 27, "22618": 21,
    },
}

# what the sky and the light do to the rest
WEATHER: Weights = {
    "CLEAR": 780, "RAIN": 87, "UNKNOWN": 57, "SNOW": 33, "CLOUDY/OVERCAST": 29, "OTHER": 3, "FOG/SMOKE/HAZE": 2,
    "FREEZING RAIN/DRIZZLE": 4, "SLEET/HAIL": 1, "BLOWING SNOW": 0.6, "SEVERE CROSS WIND GATE": 0.2,
}
DRY_SURFACE: Weights = {
    "DRY": 880, "UNKNOWN": 80, "WET": 34, "OTHER": 3, "SNOW OR SLUSH": 2, "SAND, MUD, DIRT": 0.5, "ICE": 0.7,
}
WET_SURFACE: Weights = {"WET": 900, "UNKNOWN": 50, "DRY": 40, "SNOW OR SLUSH": 8, "ICE": 2}
SNOW_SURFACE: Weights = {"SNOW OR SLUSH": 640, "WET": 230, "ICE": 60, "UNKNOWN": 50, "DRY": 20}
DAYLIGHT: Weights = {"DAYLIGHT": 930, "UNKNOWN": 40, "DUSK": 12, "DAWN": 10, "DARKNESS": 8}
NIGHT: Weights = {"DARKNESS, LIGHTED ROAD": 720, "DARKNESS": 160, "UNKNOWN": 70, "DUSK": 30, "DAWN": 20}

FIRST_CRASH_TYPE: Weights = {
    "REAR END": 233, "PARKED MOTOR VEHICLE": 230, "TURNING": 153, "ANGLE": 120, "SIDESWIPE SAME DIRECTION": 117,
    "FIXED OBJECT": 69, "PEDESTRIAN": 22, "PEDALCYCLIST": 14, "REAR TO FRONT": 13, "HEAD ON": 11, "ANIMAL": 1,
    "SIDESWIPE OPPOSITE DIRECTION": 11, "OTHER OBJECT": 10, "REAR TO SIDE": 3, "OTHER NONCOLLISION": 2,
    "OVERTURNED": 2, "REAR TO REAR": 1, "TRAIN": 0.1,
}
ALONE = ("FIXED OBJECT", "OTHER OBJECT", "OTHER NONCOLLISION", "OVERTURNED", "ANIMAL")
UNIT_TYPES = ("DRIVER", "PARKED", "PEDESTRIAN", "BICYCLE", "DRIVERLESS", None)

VEHICLE: dict[str, Weights] = {
    "lic_plate_state": {
        "IL": 826, None: 101, "IN": 16, "WI": 7, "TX": 6, "XX": 5, "FL": 4, "MI": 4, "AZ": 3, "VA": 3, "IA": 3,
        "OK": 3, "TN": 2, "GA": 2, "MN": 2, "OH": 2, "NY": 2, "CA": 2, "MO": 2,
    },
    "make": {
        "CHEVROLET": 132, "TOYOTA": 96, "FORD": 95, "UNKNOWN": 85, "NISSAN": 84, "HONDA": 70, "JEEP": 51,
        "DODGE": 49, "HYUNDAI": 41, "KIA": 23, "CHRYSLER": 23, "BUICK": 20, "GENERAL MOTORS CORPORATION (GMC)": 19,
        "VOLKSWAGEN": 19, "MERCEDES-BENZ": 17, "SUBARU": 16, "BMW": 16, "MAZDA": 14, "LINCOLN": 11, "CADILLAC": 10,
        "PONTIAC": 9, "ACURA": 8, "INFINITI": 8, "AUDI": 8, "MITSUBISHI": 7, "LEXUS": 7, "TESLA": 4,
        "FREIGHTLINER CORPORATION": 6, "CASE, J.I. COMPANY (SUBSIDIARY OF TENNECO, INC.)": 1,
    },
    "model": {
        "OTHER (EXPLAIN IN NARRATIVE)": 163, "CAMRY": 38, "MALIBU": 28, "GRAND CHEROKEE": 23, "ALTIMA": 22,
        "EQUINOX": 22, "CIVIC": 22, "ROGUE": 20, "EXPLORER": 16, "ELANTRA": 16, "COROLLA": 15, "MOTORIZED": 15,
        "CR-V": 14, "SENTRA": 12, "ESCAPE": 12, "FUSION": 12, "CHARGER": 10, "SONATA": 10, "PRIUS": 10,
        "ACCORD": 10, "CRUZE": 9, "JOURNEY": 9, "CHEROKEE": 8, "TRAX": 7, "TUCSON": 7, "RAV4": 7, "JETTA": 7,
        "MAXIMA": 7, "SILVERADO": 6, "F150": 6, "TOWN & COUNTRY": 6, "300": 6, "TAHOE": 5, "OPTIMA / K5": 5,
        "WRANGLER": 5, "RAM 1500 PU": 4, "VERSA": 4, "200": 4, "X3": 4, "FOCUS": 4, "UNKNOWN": 30, "MAZDA 3 ": 2,
    },
    "vehicle_year": {
        None: 149, "2016": 61, "2008": 56, "2017": 55, "2018": 52, "2015": 52, "2014": 50, "2019": 49, "2013": 47,
        "2020": 47, "2021": 45, "2006": 38, "2010": 34, "2012": 34, "2011": 29, "2009": 28, "2007": 27, "2003": 23,
        "2002": 18, "2004": 18, "2005": 16, "2022": 12, "2001": 12, "2000": 10, "1999": 8, "1998": 3, "1997": 2,
        "1985": 1, "1900": 1, "2099": 0.6, "2349": 0.1, "9999": 0.2, "0": 0.1,
    },
    "vehicle_defect": {
        "UNKNOWN": 496, "NONE": 479, "OTHER": 3, "ENGINE/MOTOR": 1, "BRAKES": 3, "LIGHTS": 1, "TIRES": 1,
        "STEERING": 1,
    },
    "vehicle_type": {
        "PASSENGER": 633, "SPORT UTILITY VEHICLE (SUV)": 138, "UNKNOWN/NA": 89, "VAN/MINI-VAN": 38, "PICKUP": 33,
        "OTHER": 20, "TRUCK - SINGLE UNIT": 14, "BUS OVER 15 PASS.": 5, "TRACTOR W/ SEMI-TRAILER": 5,
        "SINGLE UNIT TRUCK WITH TRAILER": 2, "TRACTOR W/O SEMI-TRAILER": 2, "MOPED OR MOTORIZED BICYCLE": 1,
        "MOTORCYCLE (OVER 150CC)": 3, "OTHER VEHICLE WITH TRAILER": 1,
    },
    "vehicle_use": {
        "PERSONAL": 644, "UNKNOWN/NA": 216, "NOT IN USE": 48, "OTHER": 25, "TAXI/FOR HIRE": 9,
        "COMMERCIAL - SINGLE UNIT": 8, "RIDESHARE SERVICE": 7, "CONSTRUCTION/MAINTENANCE": 5, "POLICE": 4,
        "COMMERCIAL - MULTI-UNIT": 4, "TOW TRUCK": 3, "CTA": 3, "AMBULANCE": 2, "FIRE": 1, "SCHOOL BUS": 1,
    },
    "travel_direction": {
        "W": 219, "N": 210, "S": 203, "E": 200, "UNKNOWN": 93, "NW": 17, "SE": 14, "SW": 13, "NE": 12,
    },
    "first_contact_point": {
        "OTHER": 230, "REAR-LEFT": 120, "FRONT": 118, "TOTAL (ALL AREAS)": 113, "UNKNOWN": 80, "ROOF": 78,
        "SIDE-RIGHT": 60, "SIDE-LEFT": 49, "REAR": 37, "FRONT-LEFT": 31, "UNDER CARRIAGE": 17, "REAR-RIGHT": 16,
        "FRONT-RIGHT": 10, "NONE": 4, None: 37,
    },
    "exceed_speed_limit_i": {None: 998, "Y": 1, "N": 1},
    "fire_i": flag(1, 2),
}
MOVING: Weights = {
    "STRAIGHT AHEAD": 520, "UNKNOWN/NA": 107, "SLOW/STOP IN TRAFFIC": 79, "TURNING LEFT": 73, "BACKING": 35,
    "TURNING RIGHT": 35, "OTHER": 24, "ENTERING TRAFFIC LANE FROM PARKING": 22, "CHANGING LANES": 19,
    "PASSING/OVERTAKING": 16, "U-TURN": 11, "MERGING": 7, "ENTER FROM DRIVE/ALLEY": 6, "STARTING IN TRAFFIC": 6,
    "AVOIDING VEHICLES/OBJECTS": 5, "SKIDDING/CONTROL LOSS": 4, "DRIVING WRONG WAY": 2,
}
STANDING: Weights = {"PARKED": 965, "PARKED IN TRAFFIC LANE": 25, "DRIVERLESS": 10}
AREAS = {
    "area_00_i": 15, "area_01_i": 316, "area_02_i": 148, "area_03_i": 93, "area_04_i": 85, "area_05_i": 142,
    "area_06_i": 155, "area_07_i": 176, "area_08_i": 112, "area_09_i": 109, "area_10_i": 147, "area_11_i": 323,
    "area_12_i": 312, "area_99_i": 102,
}
TOWED: Weights = {
    None: 805, "": 45, "PRIVATE TOW|UNKNOWN": 30, "CITY OF CHICAGO|DOTY": 30, "STREETS AND SANITATION|POUND 2": 20,
    "private|unk": 20, "owner|owner's preference": 15, "unk |unknown destination": 15,
    'TOW "N GO"|400 E LOWER WACKER': 10,
}
CARRIERS = ("SUPERIOR CARGO HAUL INC", "CHICAGO TRANSIT AUTHORITY", "INDEPENDENT RECYCLING SERVICES", "CARGO MIDWEST")
CARRIER_CITIES = ("CHICAGO", "VILLA PARK", "HINSDALE", "ROMEOVILLE", "FORT WASHINGTON")

PERSON: dict[str, Weights] = {
    "sex": {"M": 517, "F": 362, "X": 95, None: 26},
    "ejection": {"NONE": 919, "UNKNOWN": 64, "PARTIALLY EJECTED": 1, "TOTALLY EJECTED": 1, None: 5},
    "safety_equipment": {
        "USAGE UNKNOWN": 484, "SAFETY BELT USED": 462, "NONE PRESENT": 32, "SAFETY BELT NOT USED": 5,
        "HELMET NOT USED": 3, "CHILD RESTRAINT - FORWARD FACING": 3, "SHOULD/LAP BELT USED IMPROPERLY": 2,
        "BICYCLE HELMET (PEDACYCLIST INVOLVED ONLY)": 1, "CHILD RESTRAINT - REAR FACING": 1, None: 6,
    },
    "airbag_deployed": {
        "DID NOT DEPLOY": 394, "NOT APPLICABLE": 256, "DEPLOYMENT UNKNOWN": 216, "DEPLOYED, FRONT": 56,
        "DEPLOYED, COMBINATION": 52, "DEPLOYED, SIDE": 6, "DEPLOYED OTHER (KNEE, AIR, BELT, ETC.)": 1, None: 2,
    },
    "state": {"IL": 697, "IN": 11, "XX": 9, "WI": 6, "TX": 3, "MI": 2, "NY": 2, "MO": 2, None: 256},
    "city": {
        "CHICAGO": 551, None: 271, "SKOKIE": 8, "CICERO": 10, "OAK LAWN": 9, "EVANSTON": 9, "BERWYN": 8,
        "CALUMET CITY": 8, "ELMWOOD PARK": 8, "DOLTON": 8, "HAMMOND": 5, "GARY": 5, "chicago": 2, "CHICAGO ": 1,
    },
    "zipcode": {
        None: 331, "60629": 64, "60619": 50, "60620": 50, "60617": 44, "60632": 38, "60636": 34, "60609": 32,
        "60649": 32, "60637": 30, "60624": 30, "60651": 30, "60639": 30, "60628": 28, "60653": 28, "60618": 18,
        "60647": 14, "60804": 10, "60402": 8, "606": 0.3, "60629-1234": 0.5, "00000": 0.3,
    },
    "driver_vision": {
        "UNKNOWN": 407, "NOT OBSCURED": 367, "MOVING VEHICLES": 6, "OTHER": 5, "WINDSHIELD (WATER/ICE)": 2,
        "BLINDED - SUNLIGHT": 2, "PARKED VEHICLES": 3, "TREES, PLANTS": 0.4,
    },
    "driver_action": {
        "NONE": 251, "UNKNOWN": 235, "FAILED TO YIELD": 73, "OTHER": 73, "FOLLOWED TOO CLOSELY": 45,
        "IMPROPER TURN": 25, "DISREGARDED CONTROL DEVICES": 22, "IMPROPER BACKING": 16, "IMPROPER LANE CHANGE": 16,
        "IMPROPER PASSING": 11, "TOO FAST FOR CONDITIONS": 9, "WRONG WAY/SIDE": 5, "IMPROPER PARKING": 3,
        "CELL PHONE USE OTHER THAN TEXTING": 2, "EVADING POLICE VEHICLE": 1, "OVERCORRECTED": 1, "TEXTING": 0.3,
    },
    "physical_condition": {
        "NORMAL": 504, "UNKNOWN": 272, "REMOVED BY EMS": 3, "IMPAIRED - ALCOHOL": 3, "OTHER": 2,
        "FATIGUED/ASLEEP": 2, "IMPAIRED - DRUGS": 1, "ILLNESS/FAINTED": 1, "EMOTIONAL": 1,
    },
    "bac_result": {
        "TEST NOT OFFERED": 977, "TEST REFUSED": 13, "TEST TAKEN": 1, "TEST PERFORMED, RESULTS UNKNOWN": 4,
    },
    "cell_phone_use": {None: 999.2, "N": 0.4, "Y": 0.4},
    "drivers_license_state": {None: 249, "IL": 683, "IN": 14, "XX": 15, "WI": 7, "TX": 4, "MI": 4, "IA": 4, "NY": 4},
    "drivers_license_class": {
        None: 394, "D": 549, "A": 20, "C": 13, "B": 11, "DM": 5, "P": 1, "AM": 1, "M": 1, "1": 1, "VL": 1,
        "d ": 0.5,
    },
    "seat_no": {"3": 114, "6": 30, "4": 23, "2": 14, "5": 9, "1": 6, "10": 5, "12": 4, "11": 2, "7": 1, "8": 0.5},
    "pedpedal_location": {"IN ROADWAY": 11, "IN CROSSWALK": 6, "SHOULDER": 0.5, "UNKNOWN/NA": 1, "BIKEWAY": 1},
    "pedpedal_visibility": {"NO CONTRASTING CLOTHING": 16, "OTHER LIGHT SOURCE USED": 1, "REFLECTIVE MATERIAL": 0.5},
    "pedpedal_action": {
        "UNKNOWN/NA": 4, "CROSSING - WITH SIGNAL": 3, "OTHER ACTION": 3, "STANDING IN ROADWAY": 1, "NO ACTION": 1,
        "CROSSING - NO CONTROLS (NOT AT INTERSECTION)": 2, "CROSSING - AGAINST SIGNAL": 1, "WITH TRAFFIC": 1,
    },
}
# hospital, EMS agency and run number of those whom an ambulance saw, as typed by the officer
AMBULANCE: Weights = {
    None: 846, "REFUSED||": 38, "DNA|DNA|": 14, "NONE||": 10, "N/A|N/A|": 4, "STROGER|CFD|33": 10,
    "MT SINAI|CFD|63": 12, "UNIVERSITY OF CHICAGO|CFD AMB 34|55": 12, "HOLY CROSS HOSPITAL|CHICAGO FIRE|": 10,
    "LOYOLA|CFD 41|": 8, "NORTHWESTERN MEMORIAL HOSPITAL|CHICAGO FIRE DEPARTMENT|": 8,
    "ILLINOIS MASONIC|CFD AMBO 50|AMB#27": 8, "WEISS |CFD  AMB 8|": 4, "TRINITY|CFD|70": 8,
    "REFUSED ON SCENE|REFUSED|": 8,
}
PERSON_TYPES = ("DRIVER", "PASSENGER", "PEDESTRIAN", "BICYCLE")
INJURIES = (
    "NO INDICATION OF INJURY", "REPORTED, NOT EVIDENT", "NONINCAPACITATING INJURY", "INCAPACITATING INJURY",
    "FATAL", None,
)
# the share of each injury, in their order, inside a vehicle and outside of one
INJURED_INSIDE = [908, 23, 56, 10, 0.25, 2]
INJURED_OUTSIDE = [150, 180, 490, 165, 10, 2]
# out of range on purpose, beside what is drawn around the middle ages
ODD_AGES = {"-47": 1, "-1": 1, "121": 1, "130": 1, "149": 1}
